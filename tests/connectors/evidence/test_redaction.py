"""Redaction by the recorded procedure: what goes, what stays, what is recorded, and what is refused."""

import hashlib
import hmac
import json
import sqlite3
from pathlib import Path

import pytest

from connectors.evidence import (
    Batch,
    CursorUpdate,
    EvidenceDamagedError,
    EvidenceMissingError,
    PageRef,
    RedactionError,
    Validator,
    record_id_of,
)
from connectors.evidence.errors import EvidenceError
from governance.redaction import RedactionStatement
from governance.signers import Signer
from tests.connectors.evidence.samples import (
    FETCHED,
    PUBLIC_KEYS,
    Place,
    page,
    redact,
    sign,
    window,
)

SECRET = b"person-1-0"
PATH = "$[0].user.login"
KEY = "ab" * 32


@pytest.fixture
def filled(place: Place) -> Place:
    """Three pages and a window; page 1 holds the secret, page 3 the same body once more."""
    place.store.commit(
        Batch(
            pages=[page(0), page(1), page(2), page(3, body=page(1).body)],
            closed_windows=[window(0, pages=tuple(PageRef(at) for at in range(4)))],
            validators=[
                Validator(KEY, None, None, PageRef(1), None, hashlib.sha256(page(1).body).hexdigest(), 2),
                Validator("cd" * 32, None, None, PageRef(0), None, "", 2),
            ],
        )
    )
    return place


def test_the_value_is_blanked_and_everything_else_stays(filled: Place) -> None:
    untouched = [filled.store.page(at) for at in (0, 2)]
    before = filled.store.page(1)
    redact(filled.store, 1, PATH)
    after = filled.store.page(1)
    assert json.loads(after.body)[0]["user"] == {"login": None}
    assert json.loads(after.body)[1] == json.loads(before.body)[1]
    assert after.body_sha256 == hashlib.sha256(after.body).hexdigest()
    for name in ("url", "headers", "fetched_at", "window_id", "record_count", "scope"):
        assert getattr(after, name) == getattr(before, name)
    for old in untouched:
        assert filled.store.page(old.log_index).body == old.body
    assert filled.store.record(record_id_of(1, 0)).value["id"] == 10


def test_verification_stays_green_and_the_log_keeps_its_root(filled: Place) -> None:
    root = filled.ledger.root("payload")
    redact(filled.store, 1, PATH)
    assert filled.problems() == []
    filled.reopen()
    assert filled.problems() == []
    assert filled.ledger.root("payload") == root


def test_the_record_says_what_was_redacted_by_which_policy_and_keys(filled: Place) -> None:
    result = redact(filled.store, 1, PATH)
    (listed,) = filled.store.redactions()
    assert (listed.log_index, listed.json_paths, listed.policy) == (1, (PATH,), "erasure")
    assert listed.redacted_at == FETCHED
    assert listed.signers == tuple(hashlib.sha256(key).hexdigest()[:16] for key in PUBLIC_KEYS[:2])
    leaf = json.loads(filled.ledger.leaf("governance", result.governance_index))
    assert leaf["kind"] == "redaction"
    assert leaf["old_commitment"] == json.loads(filled.ledger.leaf("payload", 1))["commitment"]
    assert leaf["new_commitment"] != leaf["old_commitment"]
    assert leaf["statement"]["reason"] == "case 17"


def test_nothing_is_left_that_tells_or_tests_the_old_value(filled: Place) -> None:
    (old_salt,) = read(filled, "SELECT salt FROM salts WHERE log_index = 1")
    old_digest = hashlib.sha256(page(1).body)
    redact(filled.store, 1, PATH)
    redact(filled.store, 3, PATH)
    filled.close()
    ledger = filled.ledger_path.read_bytes()
    assert old_salt not in ledger
    assert old_digest.digest() not in ledger
    assert old_digest.hexdigest().encode() not in ledger
    stored = [filled.store.page(at).body for at in range(4)]
    assert not any(SECRET in body for body in stored)
    assert len(filled.files_on_disk()) == 1
    new_digest = hashlib.sha256(stored[1]).hexdigest().encode()
    assert new_digest not in b"".join(leaf for _, leaf in filled.ledger.leaves("governance", 0, 9))


def read(place: Place, query: str) -> tuple[bytes, ...]:
    connection = sqlite3.connect(place.ledger_path)
    (row,) = connection.execute(query).fetchall()
    connection.close()
    return tuple(row)


def test_the_page_is_not_offered_as_unmodified_any_more(filled: Place) -> None:
    redact(filled.store, 1, PATH)
    assert filled.store.validator(KEY) is None
    assert filled.store.validator("cd" * 32) is not None


def test_pages_with_the_same_body_are_named(filled: Place) -> None:
    assert redact(filled.store, 1, PATH).copies == (3,)
    assert redact(filled.store, 3, PATH).copies == ()


def test_a_page_can_be_redacted_again_and_each_redaction_follows_from_the_last(filled: Place) -> None:
    redact(filled.store, 1, PATH)
    redact(filled.store, 1, "$[1].user")
    assert json.loads(filled.store.page(1).body)[1] == {"id": 11, "user": None}
    assert [each.json_paths for each in filled.store.redactions()] == [(PATH,), ("$[1].user",)]
    assert filled.problems() == []


def test_a_redacted_page_survives_compaction_and_the_other_way_round(filled: Place) -> None:
    filled.store.commit(Batch(pages=[page(5)]))
    redact(filled.store, 1, PATH)
    filled.store.compact("github", "pull_requests", least_files=2)
    redact(filled.store, 5, "$[0].id")
    assert len(filled.files_on_disk()) == 1
    assert filled.problems() == []
    assert json.loads(filled.store.page(1).body)[0]["user"]["login"] is None
    assert json.loads(filled.store.page(5).body)[0]["id"] is None


def test_leftover_copies_of_a_compaction_are_gone_before_the_redaction_ends(filled: Place) -> None:
    """A crash between a compaction's commit and its clean-up leaves old files that hold the body."""
    filled.store.commit(Batch(pages=[page(5)]))
    old = {name: (filled.evidence / name).read_bytes() for name in filled.files_on_disk()}
    filled.store.compact("github", "pull_requests", least_files=2)
    with filled.ledger.transaction() as transaction:
        for name, content in old.items():
            (filled.evidence / name).write_bytes(content)
            transaction.connection.execute("INSERT INTO obsolete_files VALUES (?)", (name,))
    redact(filled.store, 1, PATH)
    assert len(filled.files_on_disk()) == 1
    assert filled.problems() == []


def test_an_order_of_the_governance_room_is_understood_as_it_is_signed(filled: Place, tmp_path: Path) -> None:
    statement = RedactionStatement(1, (PATH, "$[1].user"), "erasure", "case 17", FETCHED)
    people = [
        Signer.create(f"person {number}", tmp_path / f"{number}.pem", random_bytes=bytes_of)
        for number, bytes_of in enumerate([lambda count: b"a" * count, lambda count: b"b" * count])
    ]
    result = filled.store.redact(
        statement.log_index,
        statement.json_paths,
        policy=statement.policy,
        reason=statement.reason,
        signers=[person.sign(statement.to_document()) for person in people],
        trusted_keys=[person.public_key for person in people],
        at=statement.ordered_at,
    )
    leaf = json.loads(filled.ledger.leaf("governance", result.governance_index))
    assert leaf["statement"] == statement.to_document()
    assert [each["key_id"] for each in leaf["signers"]] == [
        person.sign(statement.to_document()).key_id for person in people
    ]
    assert filled.problems() == []


@pytest.mark.parametrize(
    ("by", "changes", "message"),
    [
        ((0,), {}, "two people"),
        ((), {}, "two people"),
        ((0, 0), {}, "two people"),
        ((0, 2), {}, "may sign"),
        ((0, 1), {"policy": "retention"}, "not over this statement"),
        ((0, 1), {"reason": "another case"}, "not over this statement"),
        ((0, 1), {"ordered_at": FETCHED.replace(year=2025)}, "not over this statement"),
    ],
)
def test_without_two_valid_signatures_nothing_happens(
    filled: Place, by: tuple[int, ...], changes: dict[str, object], message: str
) -> None:
    before = filled.store.page(1).body
    with pytest.raises(RedactionError, match=message):
        filled.store.redact(
            1,
            (PATH,),
            policy="erasure",
            reason="case 17",
            signers=sign(1, (PATH,), by=by, **changes),
            trusted_keys=PUBLIC_KEYS[:2],
            at=FETCHED,
        )
    assert filled.store.page(1).body == before
    assert filled.ledger.size("governance") == 0


def test_signatures_for_another_page_do_not_serve(filled: Place) -> None:
    with pytest.raises(RedactionError, match="not over this statement"):
        filled.store.redact(
            1,
            (PATH,),
            policy="erasure",
            reason="case 17",
            signers=sign(2, (PATH,)),
            trusted_keys=PUBLIC_KEYS,
            at=FETCHED,
        )


def test_a_body_that_is_not_json_is_refused_and_stays(place: Place) -> None:
    body = b"\x1eabc\x1fJane Doe\x1fjane@acme.example\n"
    place.store.commit(Batch(pages=[page(0, body=body)]))
    with pytest.raises(RedactionError, match="not JSON"):
        redact(place.store, 0, "$[0].author")
    assert place.store.page(0).body == body
    assert place.files_on_disk() == ["github/pull_requests/000000000000.parquet"]
    assert place.problems() == []


def test_a_path_to_nothing_is_refused(filled: Place) -> None:
    with pytest.raises(RedactionError, match="names no value"):
        redact(filled.store, 1, "$[7].user")


@pytest.mark.parametrize("index", [4, 99])
def test_a_leaf_that_is_no_page_cannot_be_redacted(filled: Place, index: int) -> None:
    with pytest.raises(EvidenceMissingError, match=f"no page at log index {index}"):
        redact(filled.store, index, PATH)


def test_a_damaged_file_is_not_given_a_new_valid_hash(filled: Place) -> None:
    path = filled.evidence / filled.files_on_disk()[0]
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    with pytest.raises(EvidenceDamagedError, match="cannot be rewritten"):
        redact(filled.store, 1, PATH)
    assert any("sha256" in problem for problem in filled.problems())


def test_cursors_stay_where_they_are(filled: Place) -> None:
    filled.store.commit(Batch(cursors=[CursorUpdate("github", "pull_requests", "acme/shop", {"open": [1]})]))
    redact(filled.store, 1, PATH)
    assert filled.store.cursor("github", "pull_requests", "acme/shop") == {"open": [1]}


def test_a_page_s_leaf_can_be_opened_until_the_page_is_redacted(filled: Place) -> None:
    """What a proof of the page hands over: without the salt that a redaction destroys, it is nothing."""
    opening = filled.store.opening(1)
    leaf = json.loads(filled.ledger.leaf("payload", 1))
    derived = hmac.digest(
        bytes.fromhex(opening.salt),
        json.dumps(opening.metadata, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(),
        "sha256",
    )
    assert derived.hex() == leaf["commitment"]
    assert opening.metadata["body_sha256"] == hashlib.sha256(page(1).body).hexdigest()
    redact(filled.store, 1, PATH)
    with pytest.raises(EvidenceError, match="destroyed"):
        filled.store.opening(1)
