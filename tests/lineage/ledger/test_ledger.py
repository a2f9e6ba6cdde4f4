"""Appending and proving: what one ledger does in one process, with several threads and across restarts."""

import sqlite3
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lineage.ledger import Checkpoint, Ledger, LedgerBusyError, LedgerError, NoteSigner, merkle, verify_note

SIGNER = NoteSigner("assay/acme", b"\x01" * 32)
AT = datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger" / "ledger.sqlite"


def fill(ledger: Ledger, count: int, log: str = "payload") -> None:
    with ledger.transaction() as transaction:
        transaction.append_many(log, [b'{"n":%d}' % index for index in range(count)])


def test_leaves_get_their_indexes_in_order_and_each_log_its_own(path: Path) -> None:
    with Ledger(path) as ledger:
        with ledger.transaction() as transaction:
            assert transaction.append("payload", b"a") == 0
            assert transaction.append_many("payload", [b"b", b"c"]) == range(1, 3)
            assert transaction.append("governance", b"g") == 0
            assert transaction.size("payload") == 3
        assert (ledger.size("payload"), ledger.size("governance")) == (3, 1)
        assert ledger.leaf("payload", 2) == b"c"
        assert ledger.leaves("payload", 1, 9) == [(1, b"b"), (2, b"c")]


def test_a_ledger_that_was_never_written_to_is_empty(path: Path) -> None:
    with Ledger(path) as ledger:
        assert ledger.size("payload") == 0
        assert ledger.root("governance") == merkle.EMPTY_ROOT


def test_roots_and_proofs_hold_at_every_size_whatever_the_batches(path: Path) -> None:
    leaves = [b"leaf %d" % index for index in range(60)]
    with Ledger(path) as ledger:
        at = 0
        for step in (1, 2, 3, 1, 17, 8, 28):
            with ledger.transaction() as transaction:
                transaction.append_many("payload", leaves[at : at + step])
            at += step
        roots = [ledger.root("payload", size) for size in range(at + 1)]
        for size in (1, 7, 32, 59, 60):
            for index in range(0, size, 5):
                proof = ledger.inclusion_proof("payload", index, size)
                leaf = merkle.leaf_hash(leaves[index])
                assert merkle.verify_inclusion(leaf, index, size, proof, root=roots[size])
            for old in range(0, size, 7):
                proof = ledger.consistency_proof("payload", old, size)
                assert merkle.verify_consistency(old, size, roots[old], roots[size], proof)


def test_a_transaction_that_fails_leaves_nothing(path: Path) -> None:
    with Ledger(path) as ledger:
        fill(ledger, 5)
        root = ledger.root("payload")
        with pytest.raises(sqlite3.OperationalError), ledger.transaction() as transaction:  # noqa: PT012 - the third statement fails
            transaction.append("payload", b"never")
            transaction.connection.execute("CREATE TABLE others (x)")
            transaction.connection.execute("this is no SQL")
        assert ledger.root("payload") == root
        with ledger.reader() as reader, pytest.raises(sqlite3.OperationalError, match="no such table"):
            reader.execute("SELECT * FROM others")
        reader.close()


def test_other_tables_live_in_the_same_transaction(path: Path) -> None:
    with Ledger(path) as ledger:
        with ledger.transaction() as transaction:
            transaction.connection.execute("CREATE TABLE cursors (state TEXT)")
            transaction.connection.execute("INSERT INTO cursors VALUES ('here')")
            transaction.append("payload", b"page")
        reader = ledger.reader()
        assert reader.execute("SELECT state FROM cursors").fetchall() == [("here",)]
        reader.close()


def test_a_reader_cannot_write(path: Path) -> None:
    with Ledger(path) as ledger:
        fill(ledger, 1)
        reader = ledger.reader()
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader.execute("DELETE FROM payload_leaves")
        reader.close()


def test_a_transaction_inside_a_transaction_is_refused(path: Path) -> None:
    with Ledger(path) as ledger:
        fill(ledger, 1)
        with (
            ledger.transaction(),
            pytest.raises(LedgerError, match="open already"),
            ledger.transaction(),
        ):
            pytest.fail("the second one opened")
        with ledger.transaction(), pytest.raises(LedgerError, match="sealed inside"):
            ledger.seal()
        with ledger.transaction(), pytest.raises(LedgerError, match="verified inside"):
            ledger.verify()


@pytest.mark.parametrize("log", ["payloads", "", "payload_leaves; --"])
def test_there_are_two_logs_only(path: Path, log: str) -> None:
    with (
        Ledger(path) as ledger,
        ledger.transaction() as transaction,
        pytest.raises(LedgerError, match="no log"),
    ):
        transaction.append(log, b"x")


def test_what_the_log_does_not_have_cannot_be_asked_for(path: Path) -> None:
    with Ledger(path) as ledger:
        fill(ledger, 3)
        with pytest.raises(LedgerError, match="no leaf 3"):
            ledger.leaf("payload", 3)
        with pytest.raises(LedgerError, match="3 leaves, not 4"):
            ledger.root("payload", 4)
        with pytest.raises(LedgerError, match="3 leaves, not 4"):
            ledger.inclusion_proof("payload", 0, 4)


def test_a_reopened_ledger_continues_where_it_ended(path: Path) -> None:
    for _ in range(4):
        with Ledger(path) as ledger:
            fill(ledger, 7)
    with Ledger(path) as ledger:
        leaves = [leaf for _, leaf in ledger.leaves("payload", 0, 28)]
        assert leaves == [b'{"n":%d}' % index for index in range(7)] * 4
        assert not [finding for finding in ledger.verify() if finding.is_fatal]


def test_a_checkpoint_states_size_and_root_under_the_logs_own_origin(path: Path) -> None:
    with Ledger(path, origin="assay/acme") as ledger:
        fill(ledger, 9)
        note = verify_note(ledger.checkpoint("payload", SIGNER, at=AT), [SIGNER.verifier])
        assert Checkpoint.parse(note.text) == Checkpoint("assay/acme/payload", 9, ledger.root("payload"))
        assert ledger.checkpoint("payload", SIGNER, at=AT) == note.document()
        other = ledger.checkpoint("governance", SIGNER, at=AT)
        assert Checkpoint.parse(verify_note(other, [SIGNER.verifier]).text).origin == "assay/acme/governance"
        reader = ledger.reader()
        assert reader.execute("SELECT log, size, signed_at FROM checkpoints").fetchall() == [
            ("payload", 9, "2026-07-01T12:00:00+00:00"),
            ("governance", 0, "2026-07-01T12:00:00+00:00"),
        ]
        reader.close()


def test_a_checkpoint_needs_a_time_with_a_zone(path: Path) -> None:
    with Ledger(path) as ledger, pytest.raises(LedgerError, match="no time zone"):
        ledger.checkpoint("payload", SIGNER, at=AT.replace(tzinfo=None))


def test_threads_of_one_process_queue_for_the_ledger(path: Path) -> None:
    with Ledger(path) as ledger:
        errors: list[BaseException] = []

        def append() -> None:
            try:
                for _ in range(10):
                    fill(ledger, 3)
                    ledger.root("payload")
            except BaseException as error:  # noqa: BLE001 - whatever a thread meets is the test's result
                errors.append(error)

        threads = [threading.Thread(target=append) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        assert ledger.size("payload") == 120
        assert not [finding for finding in ledger.verify() if finding.is_fatal]


def test_a_ledger_held_by_somebody_else_is_busy_and_says_so(path: Path) -> None:
    with Ledger(path, busy_timeout_seconds=0.05) as ledger:
        fill(ledger, 1)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerBusyError, match="another process"):
            fill(ledger, 1)
        other.execute("ROLLBACK")
        other.close()
        fill(ledger, 1)
        assert ledger.size("payload") == 2


def test_a_ledger_of_a_newer_layout_is_refused(path: Path) -> None:
    with Ledger(path) as ledger:
        fill(ledger, 1)
    other = sqlite3.connect(path)
    other.execute("PRAGMA user_version = 99")
    other.close()
    with Ledger(path) as ledger, pytest.raises(LedgerError, match="layout 99"):
        fill(ledger, 1)


def test_a_large_transaction_locks_no_reader_out_before_its_commit(path: Path) -> None:
    with Ledger(path, busy_timeout_seconds=0.1) as ledger:
        fill(ledger, 1)
        with ledger.transaction() as transaction:
            transaction.connection.execute("PRAGMA cache_size = 5")
            transaction.append_many("payload", [bytes(1000)] * 2000)
            transaction.write()
            assert ledger.size("payload") == 1
        assert ledger.size("payload") == 2001


def test_deleted_content_does_not_survive_in_free_space(path: Path) -> None:
    secret = b"salt-that-must-be-destroyed" * 40
    with Ledger(path) as ledger:
        with ledger.transaction() as transaction:
            transaction.connection.execute("CREATE TABLE salts (salt BLOB)")
            transaction.connection.executemany("INSERT INTO salts VALUES (?)", [(secret,)] * 50)
        assert secret[:27] in path.read_bytes()
        with ledger.transaction() as transaction:
            transaction.connection.execute("DELETE FROM salts")
        assert secret[:27] not in path.read_bytes()
