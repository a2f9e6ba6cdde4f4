"""The ledger: two Merkle logs and everybody else's bookkeeping in one SQLite file."""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from lineage.ledger import log_reading, merkle
from lineage.ledger.checkpoint import Checkpoint
from lineage.ledger.endorsements import Anchor, Cosignature, kept_anchors, kept_cosignatures
from lineage.ledger.errors import LedgerError
from lineage.ledger.files import mark_dirty, marker_path, process_lock
from lineage.ledger.finding import Finding
from lineage.ledger.note import NoteSigner, NoteVerifier, sign_note
from lineage.ledger.schema import (
    SCHEMA_VERSION,
    as_ledger_error,
    check_log,
    connect,
    create_tables,
    schema_version,
)
from lineage.ledger.seal import write_seal
from lineage.ledger.transaction import LedgerTransaction
from lineage.ledger.trust import Trust, rotation_leaves, trust
from lineage.ledger.verification import verify_ledger

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_BUSY_TIMEOUT_SECONDS = 60.0
_LEAVES_AT_ONCE = 10_000


class Ledger:
    """RFC 6962 logs "payload" and "governance" in an SQLite file with a rollback journal.

    Opening touches nothing; the file is made by the first transaction or read. Safe to share between threads,
    and several processes may append: writers queue. `close` seals the file (see `lineage.ledger.seal`).

    Args:
        path: the SQLite file, `…/ledger.sqlite`.
        origin: names this organisation's logs in checkpoints: `<origin>/payload`, `<origin>/governance`.
        busy_timeout_seconds: how long to wait for another process that writes.
    """

    def __init__(
        self, path: Path, *, origin: str = "assay", busy_timeout_seconds: float = _BUSY_TIMEOUT_SECONDS
    ) -> None:
        self.path = path
        self.origin = origin
        self._busy_timeout_seconds = busy_timeout_seconds
        self._lock = process_lock(path)
        self._is_prepared = False
        self._is_in_transaction = False
        self._has_written = False
        self._writer: sqlite3.Connection | None = None
        self._reader: sqlite3.Connection | None = None
        self._reader_lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[LedgerTransaction]:
        """Write to the ledger: all of the block, or nothing of it.

        Raises:
            LedgerBusyError: another process wrote for longer than the timeout.
            LedgerFileError: the file cannot be read or written.
            LedgerError: this thread is in a transaction already.
        """
        with self._lock:
            if self._is_in_transaction:
                raise LedgerError(
                    "a transaction of this ledger is open already; pass it on instead of opening another"
                )
            connection = self._begin()
            self._is_in_transaction = True
            try:
                transaction = LedgerTransaction(connection)
                yield transaction
                transaction.write()
                self._commit(connection)
            finally:
                self._is_in_transaction = False
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def reader(self) -> sqlite3.Connection:
        """A new read-only connection, usable from any one thread at a time; close it.

        Fetch results whole: a statement that is read half keeps every writer waiting.
        """
        self._prepare()
        return self._query_connection()

    def size(self, log: str) -> int:
        """Committed leaves of the log."""
        with self._reading() as connection:
            return log_reading.size_of(connection, log)

    def root(self, log: str, size: int | None = None) -> bytes:
        """The root of the log's first `size` leaves (default: all)."""
        with self._reading() as connection:
            return merkle.root(log_reading.node_reader(connection, log), self._size(connection, log, size))

    def leaf(self, log: str, index: int) -> bytes:
        """The content of a leaf."""
        with self._reading() as connection:
            return log_reading.leaf_at(connection, log, index)

    def leaves(self, log: str, start: int, stop: int) -> list[tuple[int, bytes]]:
        """(index, content) of the leaves start..stop, stop exclusive."""
        with self._reading() as connection:
            return log_reading.leaves_between(connection, log, start, stop)

    def every_leaf(self, log: str) -> Iterator[tuple[int, bytes]]:
        """(index, content) of every leaf that is there at the first step, read some at a time."""
        size = self.size(log)
        for start in range(0, size, _LEAVES_AT_ONCE):
            yield from self.leaves(log, start, min(start + _LEAVES_AT_ONCE, size))

    def inclusion_proof(self, log: str, index: int, size: int | None = None) -> list[bytes]:
        """The proof that leaf `index` is in the log of `size` leaves, for `merkle.verify_inclusion`."""
        with self._reading() as connection:
            of_size = self._size(connection, log, size)
            return merkle.inclusion_proof(log_reading.node_reader(connection, log), index, of_size)

    def consistency_proof(self, log: str, old: int, new: int | None = None) -> list[bytes]:
        """The proof that the log of `new` leaves extends that of `old`, for `merkle.verify_consistency`."""
        with self._reading() as connection:
            of_size = self._size(connection, log, new)
            return merkle.consistency_proof(log_reading.node_reader(connection, log), old, of_size)

    def log_origin(self, log: str) -> str:
        """The first line of the log's checkpoints."""
        return f"{self.origin}/{check_log(log)}"

    def trust(self, verifiers: Iterable[NoteVerifier]) -> Trust:
        """The keys that count when somebody trusts these: changes of the key are followed both ways."""
        with self._reading() as connection:
            return trust(verifiers, rotation_leaves(connection))

    def rotations(self) -> list[tuple[int, bytes]]:
        """(index, leaf) of each leaf of the governance log that changes the key."""
        with self._reading() as connection:
            return rotation_leaves(connection)

    def cosignatures(self, log: str | None = None) -> list[Cosignature]:
        """What witnesses said, greatest size first; of one log where it is named."""
        with self._reading() as connection:
            return kept_cosignatures(connection, log)

    def anchors(self) -> list[Anchor]:
        """Timestamps of checkpoints, oldest first."""
        with self._reading() as connection:
            return kept_anchors(connection)

    def signed(self, log: str, size: int, signer: NoteSigner) -> str:
        """Sign the log's root at an earlier size; nothing is kept.

        Raises:
            LedgerError: the log does not have so many leaves.
        """
        return sign_note(Checkpoint(self.log_origin(log), size, self.root(log, size)).text(), [signer])

    def checkpoint(self, log: str, signer: NoteSigner, *, at: datetime) -> str:
        """Sign the log's present size and root; the note is kept in the ledger and returned.

        Raises:
            LedgerError: `at` has no time zone.
        """
        if at.tzinfo is None:
            raise LedgerError(f"the time {at.isoformat()} has no time zone")
        with self.transaction() as transaction:
            size = transaction.size(log)
            root = merkle.root(log_reading.node_reader(transaction.connection, log), size)
            note = sign_note(Checkpoint(self.log_origin(log), size, root).text(), [signer])
            transaction.connection.execute(
                "INSERT OR IGNORE INTO checkpoints (log, size, root, note, verifier_key, signed_at)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (log, size, root, note, signer.verifier.text(), at.astimezone(UTC).isoformat()),
            )
        return note

    def verify(
        self, *, verifiers: Iterable[NoteVerifier] = (), roots: "Iterable[Certificate]" = ()
    ) -> Iterator[Finding]:
        """Derive everything anew and compare: leaf hashes, nodes, checkpoints, and the file against its seal.

        Args:
            verifiers: keys whose checkpoints are trusted; without any, each note is checked with the key
                stored beside it, which shows damage but not a forger who signs anew.
            roots: certificates of timestamp authorities whose tokens count.
        """
        with self._lock:
            if self._is_in_transaction:
                raise LedgerError("the ledger cannot be verified inside its own transaction")
            return iter(
                verify_ledger(
                    self.path,
                    origin=self.origin,
                    verifiers=tuple(verifiers),
                    roots=tuple(roots),
                    busy_timeout_seconds=self._busy_timeout_seconds,
                ),
            )

    def seal(self) -> None:
        """Write `ledger.seal.json`, the hash of the whole file, and clear the dirty marker."""
        with self._lock:
            if self._is_in_transaction:
                raise LedgerError("the ledger cannot be sealed inside its own transaction")
            self._prepare()
            try:
                write_seal(self._write_connection(), self.path)
            except sqlite3.Error as error:
                raise as_ledger_error(error, self.path) from error

    def close(self) -> None:
        """Seal the file if this object wrote to it, and close the connections."""
        with self._lock:
            try:
                if self._has_written and marker_path(self.path).exists():
                    self.seal()
            finally:
                self._has_written = False
                self._close_connections()

    def _close_connections(self) -> None:
        with self._reader_lock:
            for connection in (self._reader, self._writer):
                if connection is not None:
                    connection.close()
            self._reader = self._writer = None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        self._prepare()
        with self._reader_lock:
            if self._reader is None:
                self._reader = self._query_connection()
            try:
                yield self._reader
            except sqlite3.Error as error:
                raise as_ledger_error(error, self.path) from error

    def _prepare(self) -> None:
        """Make the file and its tables if there are none."""
        if self._is_prepared:
            return
        if self.path.exists():
            try:
                with closing(self._query_connection()) as connection:
                    self._is_prepared = schema_version(connection) > 0
            except sqlite3.Error as error:
                raise as_ledger_error(error, self.path) from error
        if not self._is_prepared:
            with self.transaction():
                pass  # the first transaction makes the tables

    def _query_connection(self) -> sqlite3.Connection:
        return connect(self.path, mode="query", busy_timeout_seconds=self._busy_timeout_seconds)

    def _size(self, connection: sqlite3.Connection, log: str, size: int | None) -> int:
        stored = log_reading.size_of(connection, log)
        if size is None:
            return stored
        if not 0 <= size <= stored:
            raise LedgerError(f"the {log} log has {stored} leaves, not {size}")
        return size

    def _write_connection(self) -> sqlite3.Connection:
        if self._writer is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = connect(self.path, mode="rwc", busy_timeout_seconds=self._busy_timeout_seconds)
        return self._writer

    def _begin(self) -> sqlite3.Connection:
        connection = self._write_connection()
        try:
            if (
                not self.path.exists()
            ):  # a crash before the first commit leaves an empty file: not a broken one
                mark_dirty(self.path)
            connection.execute("BEGIN IMMEDIATE")
            version = schema_version(connection)
            mark_dirty(self.path)
            self._has_written = True
            if version < SCHEMA_VERSION:
                create_tables(connection, from_version=version)
        except BaseException as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            if isinstance(error, sqlite3.Error):
                raise as_ledger_error(error, self.path) from error
            raise
        return connection

    def _commit(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("COMMIT")
            self._is_prepared = True
        except sqlite3.Error as error:
            raise as_ledger_error(error, self.path) from error
