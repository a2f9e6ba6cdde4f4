"""The workspace asks witnesses and a timestamp authority: over real sockets, by file, and in bad faith."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn

from governance.policies import PolicyBook
from lineage.ledger import AnchorError, Ledger, Note, NoteSigner, WitnessRequest, WitnessSigner, verify_ledger
from lineage.ledger.anchor import check_anchor, read_certificates
from lineage.ledger.witness_folder import FolderMemory, create_witness, open_witness
from orchestration.errors import UsageError, WitnessRefusedError
from orchestration.ledger.anchoring import anchor_logs, authority_roots
from orchestration.ledger.key_rotation import NEXT_SUFFIX, finish_rotation, key_history, rotate_key
from orchestration.ledger.witness_files import cosign_file, write_requests
from orchestration.ledger.witness_network import answer, ask_witness, witness_application
from orchestration.ledger.witnessing import Reply, cosign_newest, gather, import_cosigned, registers_size
from orchestration.scaffold import write_secret
from tests.orchestration.timestamp_authority import HAS_OPENSSL, timestamp_authority

SIGNER = NoteSigner("assay/acme", b"\x01" * 32)
AT = datetime(2026, 7, 1, 12, tzinfo=UTC)
LOGS = tuple((f"assay/acme/{log}", SIGNER.verifier) for log in ("payload", "governance"))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "ledger.sqlite", origin="assay/acme") as made:
        with made.transaction() as transaction:
            transaction.append_many("payload", [b"%d" % number for number in range(30)])
            transaction.append_many("governance", [b'{"kind":"sign_off","n":1}', b'{"kind":"other"}'])
        yield made


@pytest.fixture
def audit(tmp_path: Path) -> Path:
    create_witness(tmp_path / "audit", "internal-audit", LOGS, random_bytes=lambda n: b"\x02" * n)
    return tmp_path / "audit"


def book(tmp_path: Path, *, url: str | None = "http://witness.test", **changes: str) -> PolicyBook:
    entry = {
        "name": "internal-audit",
        "key": WitnessSigner("internal-audit", b"\x02" * 32).key.text(),
        "team": "internal-audit",
        **({"url": url} if url else {}),
        **changes,
    }
    path = tmp_path / "policies.yml"
    operator = "" if "no_operator" in changes else "operated_by: data-platform\n"
    entry.pop("no_operator", None)
    path.write_text(f"{operator}witnesses: [{json.dumps({k: v for k, v in entry.items() if v})}]\n")
    return PolicyBook.load(path)


def asking(folder: Path) -> Callable[[str, WitnessRequest], Reply]:
    """The witness's own answers, without the wire."""
    witness = open_witness(folder, clock=lambda: AT)

    def ask(_url: str, request: WitnessRequest) -> Reply:
        response = answer(witness, request.document().encode())
        return Reply(response.status_code, bytes(response.body).decode())

    return ask


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    application = witness_application(open_witness(folder, clock=lambda: AT))
    server = uvicorn.Server(uvicorn.Config(application, port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def test_a_witness_that_is_served_cosigns_what_is_published(
    ledger: Ledger, audit: Path, tmp_path: Path
) -> None:
    with serving(audit) as url:
        policies = book(tmp_path, url=url)
        first = gather(ledger, policies, SIGNER, payload_size=20, ask=ask_witness)
        assert first.names == ("internal-audit",), first.remarks
        assert first.payload_note is not None
        assert len(Note.parse(first.payload_note).signatures) == 2
        with ledger.transaction() as transaction:
            transaction.append("governance", b'{"kind":"publication"}')
        note = ledger.checkpoint("governance", SIGNER, at=AT)
        cosigned, remarks = cosign_newest(
            ledger, note, policies.configured_witnesses, SIGNER, ask=ask_witness
        )
        assert len(Note.parse(cosigned).signatures) == 2, remarks
        second = gather(ledger, policies, SIGNER, payload_size=30, ask=ask_witness)
        assert second.names == ("internal-audit",)
    assert FolderMemory(audit).entries()["assay/acme/payload"]["size"] == 30


def test_the_wire_carries_the_statuses_of_the_specification(ledger: Ledger, audit: Path) -> None:
    whole = ledger.signed("payload", 30, SIGNER)
    with serving(audit) as url:
        assert ask_witness(url, WitnessRequest(0, (), ledger.signed("payload", 10, SIGNER))).status == 200
        conflict = ask_witness(url, WitnessRequest(0, (), whole))
        assert (conflict.status, conflict.body) == (409, "10\n")
        assert ask_witness(url, WitnessRequest(10, (), whole)).status == 422
        assert ask_witness(url, WitnessRequest(31, (), whole)).status == 400
        strange = whole.replace("assay/acme/payload", "assay/acme/else")
        assert ask_witness(url, WitnessRequest(10, (), strange)).status == 404
        thief = ledger.signed("payload", 30, NoteSigner("assay/acme", b"\x09" * 32))
        assert ask_witness(url, WitnessRequest(10, (), thief)).status == 403
        path = tuple(ledger.consistency_proof("payload", 10, 30))
        assert ask_witness(url, WitnessRequest(10, path, whole)).status == 200
    with pytest.raises(WitnessRefusedError, match="does not answer"):
        ask_witness(url, WitnessRequest(0, (), whole))


def test_a_witness_by_file_counts_as_well(ledger: Ledger, audit: Path, tmp_path: Path) -> None:
    policies = book(tmp_path, url=None)
    assert gather(ledger, policies, SIGNER, payload_size=30).names == ()
    witness = open_witness(audit, clock=lambda: AT)
    sizes = {"payload": 30, "governance": 2}
    written = write_requests(
        ledger, policies, SIGNER, sizes=sizes, witness=None, seen={}, folder=tmp_path / "out"
    )
    for path in written:
        import_cosigned(ledger, cosign_file(witness, path).read_text(), policies, at=AT)
    assert gather(ledger, policies, SIGNER, payload_size=30).names == ("internal-audit",)
    assert gather(ledger, policies, SIGNER, payload_size=29).names == ()
    with ledger.transaction() as transaction:
        transaction.append("governance", b'{"kind":"sign_off","n":2}')
    late = gather(ledger, policies, SIGNER, payload_size=30)
    assert late.names == ()
    assert any("covers 3 leaves" in remark for remark in late.remarks)
    assert registers_size(ledger) == 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"team": "Data-Platform "}, "runs Assay itself"),
        ({"team": ""}, "to which team"),
        ({"key": ""}, "no key of it"),
        ({"no_operator": "yes"}, "operated_by"),
        ({"key": "internal-audit+00000000+BAAA"}, "cannot be read"),
    ],
)
def test_a_witness_that_is_not_independent_does_not_count_and_the_reason_is_told(
    ledger: Ledger, audit: Path, tmp_path: Path, changes: dict[str, str], reason: str
) -> None:
    cosigning = gather(ledger, book(tmp_path, **changes), SIGNER, payload_size=30, ask=asking(audit))
    assert cosigning.names == ()
    assert any(reason in remark for remark in cosigning.remarks), cosigning.remarks


def test_the_workspace_cannot_be_its_own_witness(ledger: Ledger, tmp_path: Path) -> None:
    own = WitnessSigner("internal-audit", SIGNER.seed)
    cosigning = gather(ledger, book(tmp_path, key=own.key.text()), SIGNER, payload_size=30)
    assert any("own signing key" in remark for remark in cosigning.remarks)


def test_a_witness_that_saw_more_than_there_is_raises_the_alarm(
    ledger: Ledger, audit: Path, tmp_path: Path
) -> None:
    policies, ask = book(tmp_path), asking(audit)
    gather(ledger, policies, SIGNER, payload_size=30, ask=ask)
    with Ledger(tmp_path / "restored" / "ledger.sqlite", origin="assay/acme") as restored:
        with restored.transaction() as transaction:
            transaction.append_many("payload", [b"%d" % number for number in range(25)])
            transaction.append("governance", b'{"kind":"sign_off","n":1}')
        remarks = gather(restored, policies, SIGNER, payload_size=25, ask=ask).remarks
    assert any("saw 30 leaves" in remark and "cut short or replaced" in remark for remark in remarks)


def test_a_stale_witness_is_named_with_what_it_saw_last(ledger: Ledger, audit: Path, tmp_path: Path) -> None:
    policies = book(tmp_path)
    gather(ledger, policies, SIGNER, payload_size=20, ask=asking(audit))
    remarks = gather(ledger, policies, SIGNER, payload_size=30).remarks
    assert any("its last cosignature is of size 20" in remark for remark in remarks)


def test_what_does_not_fit_is_not_taken_in(ledger: Ledger, tmp_path: Path) -> None:
    policies = book(tmp_path)
    signer = WitnessSigner("internal-audit", b"\x02" * 32)
    note = Note.parse(ledger.signed("payload", 30, SIGNER))
    early = note.with_signatures([signer.cosign(note.text, at=AT + timedelta(hours=1))]).document()
    with pytest.raises(UsageError, match="yet to come"):
        import_cosigned(ledger, early, policies, at=AT)
    with pytest.raises(UsageError, match="No configured witness"):
        import_cosigned(ledger, note.document(), policies, at=AT)
    other = note.document().replace("\n30\n", "\n29\n")
    with pytest.raises(UsageError, match="does not fit"):
        import_cosigned(ledger, other, policies, at=AT)
    with pytest.raises(UsageError, match="not one of this workspace"):
        import_cosigned(ledger, note.document().replace("acme/payload", "x/payload"), policies, at=AT)
    with pytest.raises(UsageError, match="no cosigned checkpoint"):
        import_cosigned(ledger, "hello", policies, at=AT)
    assert ledger.cosignatures() == []


@pytest.mark.parametrize("stop_after", ["new key written", "leaf appended", "checkpoints signed", None])
def test_a_crash_while_the_key_changes_leaves_one_key_that_the_ledger_names(
    ledger: Ledger, tmp_path: Path, stop_after: str | None
) -> None:
    path = tmp_path / "keys" / "signing.key"
    path.parent.mkdir()
    write_secret(path, SIGNER.text())

    def crash(step: str) -> None:
        if step == stop_after:
            raise KeyboardInterrupt

    options = {"random_bytes": lambda n: b"\x05" * n, "at": AT, "reason": "yearly", "on_step": crash}
    if stop_after is None:
        rotate_key(path, ledger, **options)  # type: ignore[arg-type] # its own keywords
    else:
        with pytest.raises(KeyboardInterrupt):
            rotate_key(path, ledger, **options)  # type: ignore[arg-type] # its own keywords
        assert finish_rotation(path, ledger) == (stop_after != "new key written")
    assert not path.with_name(path.name + NEXT_SUFFIX).exists()
    history = key_history(path, ledger)
    assert history.problems == ()
    is_new = stop_after != "new key written"
    assert (history.present == SIGNER.verifier) != is_new
    assert len(history.rotations) == int(is_new)
    assert path.stat().st_mode & 0o077 == 0
    ledger.checkpoint("governance", NoteSigner.parse(path.read_text()), at=AT)
    ledger.close()
    found = verify_ledger(ledger.path, origin="assay/acme", verifiers=(history.present,))
    assert [one for one in found if one.is_fatal] == []


@pytest.mark.skipif(not HAS_OPENSSL, reason="the authority is made of the openssl command")
def test_checkpoints_are_stamped_by_a_real_authority_and_verified_later(
    ledger: Ledger, tmp_path: Path
) -> None:
    with timestamp_authority(tmp_path / "tsa") as authority:
        (tmp_path / "policies.yml").write_text(
            f"timestamping: {{url: '{authority.url}', certificate: tsa/root.pem}}\n"
        )
        policies = PolicyBook.load(tmp_path / "policies.yml")
        anchors = anchor_logs(ledger, policies, tmp_path, SIGNER)
    assert [(one.log, one.size) for one in anchors] == [("payload", 30), ("governance", 2)]
    roots = authority_roots(tmp_path, policies.timestamping)
    stamped = check_anchor(anchors[0].note, anchors[0].token, roots)
    assert abs(datetime.now(UTC) - stamped) < timedelta(minutes=5)
    ledger.close()

    def problems(*, trusted: bool = True) -> list[str]:
        options = {"verifiers": (SIGNER.verifier,), "roots": roots if trusted else ()}
        found = verify_ledger(ledger.path, origin="assay/acme", **options)  # type: ignore[arg-type]
        return [f"{one.object_name}: {one.problem}" for one in found]

    assert problems() == []
    assert "were not checked" in problems(trusted=False)[0]
    for statement, named in (
        (
            "UPDATE anchors SET stamped_at = '2020-01-01T00:00:00+00:00' WHERE log = 'payload'",
            "its row says 2020",
        ),
        ("UPDATE anchors SET token = zeroblob(9) WHERE log = 'payload'", "no timestamp"),
        (
            "UPDATE anchors SET size = 1 WHERE log = 'governance'",
            "other things",
        ),
    ):
        with ledger.transaction() as transaction:
            transaction.connection.execute(statement)
        assert any(named in one for one in problems()), (statement, problems())


@pytest.mark.skipif(not HAS_OPENSSL, reason="the authority is made of the openssl command")
def test_a_stamp_of_another_authority_or_of_another_checkpoint_is_refused(
    ledger: Ledger, tmp_path: Path
) -> None:
    with timestamp_authority(tmp_path / "one") as one, timestamp_authority(tmp_path / "two") as two:
        (tmp_path / "policies.yml").write_text(
            f"timestamping: {{url: '{one.url}', certificate: two/root.pem}}\n"
        )
        with pytest.raises(AnchorError, match="does not hold"):
            anchor_logs(ledger, PolicyBook.load(tmp_path / "policies.yml"), tmp_path, SIGNER)
        assert ledger.anchors() == []
        (tmp_path / "policies.yml").write_text(
            f"timestamping: {{url: '{two.url}', certificate: two/root.pem}}\n"
        )
        made = anchor_logs(ledger, PolicyBook.load(tmp_path / "policies.yml"), tmp_path, SIGNER)
        roots = read_certificates(two.root.read_bytes())
        with pytest.raises(AnchorError, match="does not hold"):
            check_anchor(made[1].note, made[0].token, roots)
