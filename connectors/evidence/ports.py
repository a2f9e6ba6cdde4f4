"""What evidence needs of the ledger. The ledger lives in another room and is handed in."""

import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class LedgerTransactionPort(Protocol):
    """One transaction over the ledger's SQLite file."""

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection whose transaction this is."""

    def append_many(self, log: str, leaves: Sequence[bytes]) -> range:
        """Add leaves in order; their indexes."""

    def append(self, log: str, leaf: bytes) -> int:
        """Add a leaf; its index."""

    def size(self, log: str) -> int:
        """Leaves of the log, those of this transaction included."""


class LedgerPort(Protocol):
    """An append-only ledger whose SQLite file also holds the tables of evidence."""

    @property
    def path(self) -> Path:
        """The SQLite file."""

    def transaction(self) -> AbstractContextManager[LedgerTransactionPort]:
        """A writing transaction: all or nothing."""

    def reader(self) -> sqlite3.Connection:
        """A new read-only connection."""

    def size(self, log: str) -> int:
        """Committed leaves of the log."""

    def leaf(self, log: str, index: int) -> bytes:
        """The content of a leaf."""

    def leaves(self, log: str, start: int, stop: int) -> list[tuple[int, bytes]]:
        """(index, content) of leaves, stop exclusive."""
