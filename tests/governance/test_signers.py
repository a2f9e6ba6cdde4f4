"""People's keys, redaction orders and sign-offs."""

import json
import stat
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from governance.canonical import canonical_json
from governance.errors import LeafError, SignerError
from governance.redaction import RedactionStatement, order_redaction
from governance.sign_offs import SignOff, load_sign_offs, sign_off, sign_off_statement
from governance.signers import RegisteredSigner, Signature, Signer, SignerRegister, holds

ADA, BOB, EVE = (Signer(name, bytes([number]) * 32) for number, name in enumerate(("ada", "bob", "eve"), 1))
REGISTER = SignerRegister.of(
    [
        RegisteredSigner("ada", ADA.public_key, ("redaction",)),
        RegisteredSigner("bob", BOB.public_key, ("redaction",)),
    ]
)
STATEMENT = RedactionStatement(
    log_index=41,
    json_paths=("$[3].user.email",),
    policy="erasure",
    reason="request of 3 May",
    ordered_at=datetime(2026, 5, 4, tzinfo=UTC),
)


def test_canonical_json_has_one_spelling() -> None:
    assert canonical_json({"b": [1, None, True], "a": "ä"}) == '{"a":"ä","b":[1,null,true]}'.encode()


@pytest.mark.parametrize("value", [{"a": 1.5}, {1: "a"}, {"a": [{"b": b"x"}]}, {"a": float("nan")}])
def test_canonical_json_refuses_what_has_no_single_spelling(value: object) -> None:
    with pytest.raises(LeafError):
        canonical_json(value)


def test_a_person_makes_a_key_keeps_it_private_and_loads_it_again(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "ada.key"
    made = Signer.create("ada", path, random_bytes=lambda count: bytes(range(count)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Signer.load("ada", path).public_key == made.public_key
    assert "seed" not in repr(made)
    with pytest.raises(SignerError, match="never overwritten"):
        Signer.create("ada", path, random_bytes=bytes)


def test_a_key_that_others_may_read_or_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ada.key"
    Signer.create("ada", path, random_bytes=bytes)
    path.chmod(0o644)
    with pytest.raises(SignerError, match="chmod 600"):
        Signer.load("ada", path)
    path.chmod(0o600)
    path.write_text("hello")
    with pytest.raises(SignerError, match="PEM"):
        Signer.load("ada", path)
    with pytest.raises(SignerError, match="no signing key"):
        Signer.load("ada", tmp_path / "none.key")


def test_a_signature_holds_for_its_statement_only() -> None:
    signature = ADA.sign({"v": 1, "what": "this"})
    assert holds({"what": "this", "v": 1}, signature)
    assert not holds({"v": 1, "what": "that"}, signature)
    assert Signature.from_document(signature.to_document()) == signature


def test_a_signature_with_a_foreign_key_id_is_refused() -> None:
    document = ADA.sign({"v": 1}).to_document() | {"key_id": BOB.sign({}).key_id}
    with pytest.raises(SignerError, match="not that of the public key"):
        Signature.from_document(document)
    with pytest.raises(SignerError, match="not a signature"):
        Signature.from_document({"key_id": "x"})


def test_two_registered_people_order_a_redaction() -> None:
    order = order_redaction(STATEMENT, [ADA, BOB])
    assert [one.person for one in order.approved_by(REGISTER)] == ["ada", "bob"]
    assert REGISTER.public_keys("redaction") == {ADA.public_key, BOB.public_key}
    assert REGISTER.public_keys("metric_owner") == frozenset()
    assert all("person" not in document for document in order.signer_documents)


@pytest.mark.parametrize(
    ("signers", "reason"),
    [([ADA], "2 different people"), ([ADA, ADA], "2 different people"), ([ADA, EVE], "not in the register")],
)
def test_a_redaction_without_two_registered_people_is_refused(signers: list[Signer], reason: str) -> None:
    with pytest.raises(SignerError, match=reason):
        order_redaction(STATEMENT, signers).approved_by(REGISTER)


@pytest.mark.parametrize(
    ("page", "reason", "message"),
    [
        (-1, "case", "is no page"),
        (10**30, "case", "is no page"),
        (41, "", "says why"),
        (41, "  ", "says why"),
    ],
)
def test_an_order_names_a_page_and_a_reason(page: int, reason: str, message: str) -> None:
    with pytest.raises(SignerError, match=message):
        RedactionStatement(page, ("$.a",), "erasure", reason, datetime(2026, 5, 4, tzinfo=UTC))


def test_one_person_under_two_spellings_orders_no_redaction() -> None:
    twice = SignerRegister.of(
        [REGISTER.signers[0], RegisteredSigner("Ada ", BOB.public_key, ("redaction", "metric_owner"))]
    )
    with pytest.raises(SignerError, match="2 different people; 1 signed"):
        order_redaction(STATEMENT, [ADA, BOB]).approved_by(twice)
    assert twice.roles_of("ada") == ("metric_owner", "redaction")


def test_a_redaction_signed_without_the_role_or_over_another_page_is_refused() -> None:
    powerless = SignerRegister.of(
        [REGISTER.signers[0], RegisteredSigner("bob", BOB.public_key, ("metric_owner",))]
    )
    order = order_redaction(STATEMENT, [ADA, BOB])
    with pytest.raises(SignerError, match="bob does not hold"):
        order.approved_by(powerless)
    other = RedactionStatement(42, ("$.a",), "erasure", "case", datetime(2026, 5, 4, tzinfo=UTC))
    swapped = type(order)(other, order.signatures)
    with pytest.raises(SignerError, match="not over this statement"):
        swapped.approved_by(REGISTER)


def test_a_redaction_statement_must_make_sense() -> None:
    at = datetime(2026, 5, 4, tzinfo=UTC)
    with pytest.raises(SignerError, match="unknown redaction policy"):
        RedactionStatement(1, ("$.a",), "whim", "case", at)
    with pytest.raises(SignerError, match="at least one"):
        RedactionStatement(1, (), "secret", "case", at)
    with pytest.raises(SignerError, match="starts with"):
        RedactionStatement(1, ("a.b",), "secret", "case", at)
    with pytest.raises(SignerError, match="time zone"):
        RedactionStatement(1, ("$.a",), "secret", "case", datetime(2026, 5, 4))  # noqa: DTZ001 - the fault itself


def test_the_register_is_read_from_a_file_and_its_faults_are_named(tmp_path: Path) -> None:
    path = tmp_path / "signers.yml"
    assert SignerRegister.load(path).signers == ()
    path.write_text(f"signers:\n- {{person: ada, public_key: {ADA.public_key.hex()}, roles: [redaction]}}\n")
    assert SignerRegister.load(path).signers == REGISTER.signers[:1]
    path.write_text("signers:\n- {person: ada, roles: [redaction]}\n")
    with pytest.raises(SignerError, match=r":2: public_key is text \(in quotes\), not None"):
        SignerRegister.load(path)
    path.write_text("signers:\n- {person: ada, public_key: abcd, roles: []}\n")
    with pytest.raises(SignerError, match="2 bytes"):
        SignerRegister.load(path)
    with pytest.raises(SignerError, match="registered twice"):
        SignerRegister.of([*REGISTER.signers, RegisteredSigner("eve", ADA.public_key, ())])


def test_sign_offs_are_kept_as_files_and_name_the_one_that_is_damaged(tmp_path: Path) -> None:
    statement = sign_off_statement(
        metric="change_lead_time",
        definition_hash="ab" * 32,
        role="metric_owner",
        scope="*",
        valid_from=date(2026, 1, 1),
        valid_until=date(2027, 1, 1),
    )
    given = sign_off(ADA, statement)
    (tmp_path / "a.json").write_text(json.dumps(given.to_document()))
    assert load_sign_offs(tmp_path) == (given,)
    assert load_sign_offs(tmp_path / "none") == ()
    assert given.is_valid_on(date(2026, 12, 31))
    assert not given.is_valid_on(date(2027, 1, 1))
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(SignerError, match=r"b\.json"):
        load_sign_offs(tmp_path)
    with pytest.raises(SignerError, match="not a sign-off"):
        SignOff.from_document({**given.to_document(), "valid_until": "soon"})
