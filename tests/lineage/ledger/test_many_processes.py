"""Several processes append at once, and one is killed in the middle: no leaf is lost, doubled or torn."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from lineage.ledger import Ledger, NoteSigner, verify_ledger

SIGNER = NoteSigner("assay/acme", b"\x01" * 32)
AT = datetime(2026, 7, 1, tzinfo=UTC)
WRITERS, ROUNDS, LEAVES = 4, 8, 5

_APPENDING = """
import sys
from pathlib import Path
from lineage.ledger import Ledger
ledger = Ledger(Path(sys.argv[1]), origin="assay/acme")
number = 0
while True:
    with ledger.transaction() as transaction:
        first = transaction.append_many("payload", [b"%d %d" % (number, part) for part in range(50)]).start
        transaction.append("governance", b"%d" % first)
    number += 1
    print(number, flush=True)
"""


def _append(path: Path, writer: int) -> None:
    for round_ in range(ROUNDS):
        with Ledger(path, origin="assay/acme") as ledger:
            with ledger.transaction() as transaction:
                for log in ("payload", "governance"):
                    transaction.append_many(log, [b"%d %d %d" % (writer, round_, n) for n in range(LEAVES)])
            ledger.checkpoint("payload", SIGNER, at=AT)


def test_processes_that_append_at_once_lose_and_double_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_append, args=(path, number)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * WRITERS
    ledger = Ledger(path, origin="assay/acme")
    wanted = sorted(
        b"%d %d %d" % (w, r, n) for w in range(WRITERS) for r in range(ROUNDS) for n in range(LEAVES)
    )
    for log in ("payload", "governance"):
        leaves = [leaf for _, leaf in ledger.leaves(log, 0, ledger.size(log))]
        assert sorted(leaves) == wanted
        together = [leaf.rpartition(b" ")[0] for leaf in leaves]
        assert all(len(set(together[at : at + LEAVES])) == 1 for at in range(0, len(together), LEAVES))
    assert not [
        one for one in verify_ledger(path, origin="assay/acme", verifiers=(SIGNER.verifier,)) if one.is_fatal
    ]


def test_a_writer_that_is_killed_leaves_whole_transactions_only(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    told = 0
    for pause in (0.0, 0.013, 0.041):
        writer = subprocess.Popen(
            [sys.executable, "-c", _APPENDING, str(path)],
            stdout=subprocess.PIPE,
            cwd=Path(__file__).parents[3],
        )
        assert writer.stdout is not None
        for _ in range(3):
            writer.stdout.readline()
            told += 1
        time.sleep(pause)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        assert not [one for one in verify_ledger(path, origin="assay/acme") if one.is_fatal]
        ledger = Ledger(path, origin="assay/acme")
        size = ledger.size("payload")
        assert size == 50 * ledger.size("governance"), "one log has a transaction that the other has not"
        assert size >= 50 * told, "a transaction that was reported is gone"
        told = size // 50
        ledger.close()
