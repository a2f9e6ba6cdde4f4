"""A witness cosigns what extends its memory, and nothing else: every answer of the protocol."""

import multiprocessing
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lineage.ledger import Ledger, Note, NoteSigner, WitnessRequest, find_cosignature
from lineage.ledger.errors import (
    ForkError,
    InconsistencyError,
    LedgerFileError,
    MalformedRequestError,
    OldSizeError,
    UnknownLogError,
    UntrustedLogKeyError,
    WitnessError,
)
from lineage.ledger.witness import Witness
from lineage.ledger.witness_folder import (
    KEY,
    SEEN,
    FolderMemory,
    create_witness,
    open_witness,
    read_signer,
    watch,
)

SIGNER = NoteSigner("assay/acme", b"\x01" * 32)
ORIGIN = "assay/acme/payload"
AT = datetime(2026, 7, 1, 12, tzinfo=UTC)


def make_ledger(folder: Path, leaves: int, *, said: bytes = b"leaf") -> Ledger:
    ledger = Ledger(folder / "ledger.sqlite", origin="assay/acme")
    with ledger.transaction() as transaction:
        transaction.append_many("payload", [b"%s %d" % (said, number) for number in range(leaves)])
    return ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return make_ledger(tmp_path / "honest", 40)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "audit"
    create_witness(made, "internal-audit", ((ORIGIN, SIGNER.verifier),), random_bytes=lambda n: b"\x02" * n)
    return made


@pytest.fixture
def witness(folder: Path) -> Witness:
    return open_witness(folder, clock=lambda: AT)


def ask(ledger: Ledger, size: int, old: int = 0, *, signer: NoteSigner = SIGNER) -> WitnessRequest:
    path = tuple(ledger.consistency_proof("payload", old, size)) if old else ()
    return WitnessRequest(old, path, ledger.signed("payload", size, signer))


def test_a_growing_log_is_cosigned_again_and_again(ledger: Ledger, witness: Witness, folder: Path) -> None:
    key = read_signer(folder).key
    for old, size in ((0, 7), (7, 7), (7, 8), (8, 40)):
        line = witness.add_checkpoint(ask(ledger, size, old))
        note = Note.parse(ledger.signed("payload", size, SIGNER)).with_signatures([line])
        assert find_cosignature(note, key) == line
        assert FolderMemory(folder).entries()[ORIGIN]["size"] == size


def test_what_a_witness_saw_survives_it(ledger: Ledger, witness: Witness, folder: Path) -> None:
    witness.add_checkpoint(ask(ledger, 30))
    with pytest.raises(OldSizeError) as refusal:
        open_witness(folder, clock=lambda: AT).add_checkpoint(ask(ledger, 40))
    assert refusal.value.size == 30


@pytest.mark.parametrize(
    ("make", "error", "status", "named"),
    [
        (lambda log: ask(log, 40), OldSizeError, 409, "last saw size 20"),
        (lambda log: ask(log, 40, 10), OldSizeError, 409, "last saw size 20"),
        (lambda log: ask(log, 10), OldSizeError, 409, "rolled back"),
        (lambda log: ask(log, 19, 19), OldSizeError, 409, "rolled back"),
        (
            lambda log: WitnessRequest(20, (), ask(log, 40).checkpoint),
            InconsistencyError,
            422,
            "does not show",
        ),
        (
            lambda log: WitnessRequest(20, ask(log, 39, 20).path, ask(log, 40).checkpoint),
            InconsistencyError,
            422,
            "does not show",
        ),
        (lambda log: WitnessRequest(41, (), ask(log, 40).checkpoint), MalformedRequestError, 400, "greater"),
        (
            lambda log: ask(log, 40, 20, signer=NoteSigner("assay/acme", b"\x09" * 32)),
            UntrustedLogKeyError,
            403,
            "no known key",
        ),
    ],
)
def test_a_witness_refuses_and_remembers_what_it_had_seen(
    ledger: Ledger,
    witness: Witness,
    folder: Path,
    *,
    make: Callable[[Ledger], WitnessRequest],
    error: type[WitnessError],
    status: int,
    named: str,
) -> None:
    witness.add_checkpoint(ask(ledger, 20))
    before = (folder / SEEN).read_bytes()
    with pytest.raises(error, match=named) as refusal:
        witness.add_checkpoint(make(ledger))
    assert refusal.value.status == status
    assert (folder / SEEN).read_bytes() == before


def test_a_log_that_nobody_watches_is_unknown(witness: Witness, tmp_path: Path) -> None:
    other = Ledger(tmp_path / "other.sqlite", origin="assay/other")
    with other.transaction() as transaction:
        transaction.append("payload", b"x")
    with pytest.raises(UnknownLogError) as refusal:
        witness.add_checkpoint(ask(other, 1))
    assert refusal.value.status == 404


def test_a_fork_is_refused_and_kept_as_evidence(
    ledger: Ledger, witness: Witness, folder: Path, tmp_path: Path
) -> None:
    witness.add_checkpoint(ask(ledger, 20))
    fork = make_ledger(tmp_path / "fork", 40, said=b"other")
    with pytest.raises(ForkError, match="another root"):
        witness.add_checkpoint(ask(fork, 20, 20))
    with pytest.raises(InconsistencyError):
        witness.add_checkpoint(ask(fork, 40, 20))
    kept = sorted(path.name.partition("-")[0] for path in (folder / "accusations").iterdir())
    assert kept == ["fork", "inconsistent"]
    assert open_witness(folder, clock=lambda: AT).add_checkpoint(ask(ledger, 40, 20))


def test_a_broken_signature_of_the_log_is_refused(ledger: Ledger, witness: Witness) -> None:
    good, other = ask(ledger, 20), ask(ledger, 21)
    mixed = good.checkpoint.split("\n\n")[0] + "\n\n" + other.checkpoint.split("\n\n")[1]
    with pytest.raises(UntrustedLogKeyError, match="does not hold"):
        witness.add_checkpoint(WitnessRequest(0, (), mixed))


def test_a_request_comes_back_from_its_text(ledger: Ledger) -> None:
    request = ask(ledger, 40, 13)
    assert WitnessRequest.parse(request.document()) == request
    assert request.document().startswith("old 13\n")


@pytest.mark.parametrize(
    "document",
    [
        "",
        "old 3\n",
        "new 3\n\nx",
        "old 03\n\n{note}",
        "old -1\n\n{note}",
        "old 1\nAAAA\n\n{note}",
        "old 1\n\nno note",
    ],
)
def test_what_is_no_request_is_refused(ledger: Ledger, document: str) -> None:
    with pytest.raises(MalformedRequestError):
        WitnessRequest.parse(document.replace("{note}", ask(ledger, 3).checkpoint))


def test_a_witness_that_forgot_or_whose_key_is_open_to_others_does_not_cosign(folder: Path) -> None:
    (folder / KEY).chmod(0o644)
    with pytest.raises(LedgerFileError, match="others may read"):
        open_witness(folder, clock=lambda: AT)
    (folder / KEY).chmod(0o600)
    (folder / SEEN).unlink()
    with pytest.raises(LedgerFileError, match="forgotten"):
        open_witness(folder, clock=lambda: AT)


def test_a_witness_is_never_overwritten(folder: Path) -> None:
    with pytest.raises(LedgerFileError, match="no witness was made"):
        create_witness(folder, "other", ((ORIGIN, SIGNER.verifier),), random_bytes=lambda n: b"\x04" * n)


def test_a_new_key_of_a_log_counts_once_the_witness_is_told(ledger: Ledger, folder: Path) -> None:
    new = NoteSigner("assay/acme", b"\x05" * 32)
    with pytest.raises(UntrustedLogKeyError):
        open_witness(folder, clock=lambda: AT).add_checkpoint(ask(ledger, 5, signer=new))
    watch(folder, (ORIGIN, new.verifier))
    assert open_witness(folder, clock=lambda: AT).add_checkpoint(ask(ledger, 5, signer=new))


def _race(folder: Path, document: str, answers: "multiprocessing.Queue[str]") -> None:
    try:
        open_witness(folder, clock=lambda: AT).add_checkpoint(WitnessRequest.parse(document))
        answers.put("cosigned")
    except WitnessError as error:
        answers.put(type(error).__name__)


def test_of_requests_that_start_from_the_same_size_only_one_is_cosigned(ledger: Ledger, folder: Path) -> None:
    """Two processes serve the same folder: without the lock, both would see size 0 and both would cosign."""
    context = multiprocessing.get_context("fork")
    answers = context.Queue()
    racers = [
        context.Process(target=_race, args=(folder, ask(ledger, size).document(), answers))
        for size in (10, 20, 30, 40)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    said = sorted(answers.get() for _ in racers)
    assert said == ["OldSizeError"] * 3 + ["cosigned"]
