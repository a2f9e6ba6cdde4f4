"""What may happen to evidence and ledger between two runs, by accident or by somebody's hand."""

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow.parquet as pq

from orchestration.workspace import Workspace
from tests.planted_faults.edge_fault import EvidenceFault

_OF_FILES = ("verify: evidence",)
_OF_LEDGER = ("verify: ledger",)
_BOTH = (*_OF_FILES, *_OF_LEDGER)


def _pages(workspace: Workspace, stream: str = "pull_requests") -> Path:
    return next(iter(sorted((workspace.evidence / "github" / stream).glob("*.parquet"))))


def _flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(bytes(content))


def _without_a_row(workspace: Workspace) -> None:
    file = _pages(workspace)
    table = pq.read_table(file)
    pq.write_table(table.slice(0, max(table.num_rows - 1, 0)), file)


def _ledger(*statements: str) -> Callable[[Workspace], None]:
    def plant(workspace: Workspace) -> None:
        with closing(sqlite3.connect(workspace.ledger, isolation_level=None)) as con:
            for statement in statements:
                assert con.execute(statement).rowcount, statement

    return plant


_FIRST_WINDOW = "window_index = (SELECT min(window_index) FROM fetch_windows)"
_TWO_LEAVES = "leaf_index IN (0, 1)"

EVIDENCE_FAULTS: tuple[EvidenceFault, ...] = (
    EvidenceFault(
        "page-file-deleted",
        "evidence",
        "A file of pages is deleted.",
        _OF_FILES,
        lambda workspace: _pages(workspace).unlink(),
    ),
    EvidenceFault(
        "page-byte-flipped",
        "evidence",
        "A byte of a file of pages is another.",
        _OF_FILES,
        lambda workspace: _flip(_pages(workspace)),
    ),
    EvidenceFault(
        "page-file-replaced",
        "evidence",
        "Another file of pages lies in the place of one.",
        _OF_FILES,
        lambda workspace: shutil.copyfile(_pages(workspace, "issues"), _pages(workspace)),
    ),
    EvidenceFault(
        "page-file-doubled",
        "evidence",
        "A file of pages lies there twice, the second time under a name of its own.",
        _OF_FILES,
        lambda workspace: shutil.copyfile(_pages(workspace), _pages(workspace).with_name("99999999.parquet")),
    ),
    EvidenceFault(
        "page-file-cut",
        "evidence",
        "A file of pages ends in the middle.",
        _OF_FILES,
        lambda workspace: _pages(workspace).write_bytes(
            _pages(workspace).read_bytes()[: _pages(workspace).stat().st_size // 2]
        ),
    ),
    EvidenceFault(
        "page-removed-from-its-file",
        "evidence",
        "A file is written again without its last page.",
        _OF_FILES,
        _without_a_row,
    ),
    EvidenceFault(
        "window-removed",
        "evidence",
        "The ledger does not know a window any more.",
        _BOTH,
        _ledger(f"DELETE FROM fetch_windows WHERE {_FIRST_WINDOW}"),
    ),
    EvidenceFault(
        "window-count-changed",
        "evidence",
        "The ledger says that a window has one record more.",
        _BOTH,
        _ledger(f"UPDATE fetch_windows SET record_count = record_count + 1 WHERE {_FIRST_WINDOW}"),
    ),
    EvidenceFault(
        "leaves-swapped",
        "evidence",
        "Two leaves of the payload log stand in each other's place.",
        _BOTH,
        _ledger(
            "UPDATE payload_leaves SET leaf_index = -1 WHERE leaf_index = 0",
            "UPDATE payload_leaves SET leaf_index = 0 WHERE leaf_index = 1",
            "UPDATE payload_leaves SET leaf_index = 1 WHERE leaf_index = -1",
        ),
    ),
    EvidenceFault(
        "cursor-moved",
        "evidence",
        "The cursors of the ledger stand a month ahead, past what was never read.",
        _OF_LEDGER,
        _ledger("UPDATE cursors SET state = replace(state, '2026-06', '2026-07')"),
    ),
    EvidenceFault(
        "checkpoint-removed",
        "evidence",
        "A signed checkpoint is gone from the ledger.",
        _OF_LEDGER,
        _ledger("DELETE FROM checkpoints WHERE checkpoint_id = (SELECT max(checkpoint_id) FROM checkpoints)"),
    ),
)
