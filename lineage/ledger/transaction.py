"""Appending to the logs inside one SQLite transaction."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field

from lineage.ledger import merkle
from lineage.ledger.log_reading import node_reader, size_of
from lineage.ledger.schema import check_log


@dataclass(slots=True)
class _GrowingLog:
    """A log's end: what is stored, and what this transaction adds to it."""

    stored_size: int
    edge: dict[int, bytes]
    leaves: list[bytes] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.stored_size + len(self.leaves)


class LedgerTransaction:
    """All or nothing: leaves of both logs, and whatever other tables are written through `connection`.

    Leaves are buffered and written when the transaction ends, so they cannot be read back before.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self._logs: dict[str, _GrowingLog] = {}

    def size(self, log: str) -> int:
        """Leaves of the log, those of this transaction included."""
        return self._log(log).size

    def append(self, log: str, leaf: bytes) -> int:
        """Add a leaf; returns its index."""
        growing = self._log(log)
        growing.leaves.append(leaf)
        return growing.size - 1

    def append_many(self, log: str, leaves: Sequence[bytes]) -> range:
        """Add leaves in order; returns their indexes."""
        growing = self._log(log)
        first = growing.size
        growing.leaves.extend(leaves)
        return range(first, growing.size)

    def write(self) -> None:
        """Write what was appended so far into the transaction."""
        for log, growing in self._logs.items():
            self._write_log(log, growing)

    def _log(self, log: str) -> _GrowingLog:
        growing = self._logs.get(log)
        if growing is None:
            size = size_of(self.connection, check_log(log))
            growing = _GrowingLog(size, merkle.read_edge(node_reader(self.connection, log), size))
            self._logs[log] = growing
        return growing

    def _write_log(self, log: str, growing: _GrowingLog) -> None:
        if not growing.leaves:
            return
        start, nodes = growing.stored_size, []
        hashes = [merkle.leaf_hash(leaf) for leaf in growing.leaves]
        for level, first, row in merkle.extend(growing.edge, start, hashes):
            if level:
                nodes += [(merkle.node_number(level, first + i), each) for i, each in enumerate(row)]
        nodes.sort()  # in the order of their B-tree
        self.connection.executemany(
            f"INSERT INTO {log}_leaves VALUES (?, ?, ?)",
            zip(range(start, growing.size), growing.leaves, hashes, strict=True),
        )
        self.connection.executemany(f"INSERT INTO {log}_nodes VALUES (?, ?)", nodes)
        growing.stored_size = growing.size
        growing.leaves.clear()
