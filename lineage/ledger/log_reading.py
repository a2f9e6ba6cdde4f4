"""Reading one log: sizes, leaves and tree nodes over any SQLite connection."""

import sqlite3
from collections.abc import Callable

from lineage.ledger import merkle
from lineage.ledger.errors import LedgerError
from lineage.ledger.schema import check_log


def size_of(connection: sqlite3.Connection, log: str) -> int:
    """How many leaves the log has."""
    row = connection.execute(f"SELECT max(leaf_index) FROM {check_log(log)}_leaves").fetchone()
    return 0 if row[0] is None else int(row[0]) + 1


def node_reader(connection: sqlite3.Connection, log: str) -> Callable[[int, int], bytes]:
    """Stored tree nodes by level and position."""
    check_log(log)
    leaves = f"SELECT hash FROM {log}_leaves WHERE leaf_index = ?"
    nodes = f"SELECT hash FROM {log}_nodes WHERE number = ?"

    def read(level: int, position: int) -> bytes:
        if level == 0:
            row = connection.execute(leaves, (position,)).fetchone()
        else:
            row = connection.execute(nodes, (merkle.node_number(level, position),)).fetchone()
        if row is None:
            raise LedgerError(f"the {log} log has no node {position} on level {level}; run `assay verify`")
        return bytes(row[0])

    return read


def leaf_at(connection: sqlite3.Connection, log: str, index: int) -> bytes:
    """The content of a leaf.

    Raises:
        LedgerError: the log has no such leaf.
    """
    row = connection.execute(
        f"SELECT leaf FROM {check_log(log)}_leaves WHERE leaf_index = ?", (index,)
    ).fetchone()
    if row is None:
        raise LedgerError(f"the {log} log has no leaf {index}")
    return bytes(row[0])


def leaves_between(
    connection: sqlite3.Connection, log: str, start: int, stop: int
) -> list[tuple[int, bytes]]:
    """(index, content) of the leaves start..stop, stop exclusive."""
    table = f"{check_log(log)}_leaves"
    query = (
        f"SELECT leaf_index, leaf FROM {table} WHERE leaf_index >= ? AND leaf_index < ? ORDER BY leaf_index"
    )
    return [(int(index), bytes(leaf)) for index, leaf in connection.execute(query, (start, stop)).fetchall()]
