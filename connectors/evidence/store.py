"""The evidence store: what connectors leave behind, committed together with where they continue."""

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa

from connectors.evidence import bookkeeping, recovery
from connectors.evidence.batch_checks import check_batch
from connectors.evidence.committing import BatchCommit
from connectors.evidence.landing import Landing
from connectors.evidence.pages import Batch, ParentVersion, Validator
from connectors.evidence.ports import LedgerPort
from connectors.evidence.reading import PageReader
from connectors.evidence.results import (
    CommitResult,
    EvidenceFile,
    RecoveryReport,
    StoredPage,
    StoredRecord,
    StreamTotals,
)
from connectors.evidence.schema import create_tables, has_tables
from connectors.evidence.window_table import window_table


def _no_step(_name: str) -> None:
    """Nobody listens."""


class EvidenceStore:
    """Pages in Parquet, their leaves and bookkeeping in the ledger's SQLite file.

    Safe to share between threads; several processes may commit. Opening touches nothing. Call `recover`
    once at start-up, before anything is read.

    Args:
        folder: the evidence folder.
        ledger: the ledger, which the store never closes.
        random_bytes: a cryptographic source of salts, such as `secrets.token_bytes`.
        on_step: told the name of each durable step, for progress and for tests that stop the process there.
    """

    def __init__(
        self,
        folder: Path,
        ledger: LedgerPort,
        *,
        random_bytes: Callable[[int], bytes],
        on_step: Callable[[str], None] = _no_step,
    ) -> None:
        self.folder = folder
        self.ledger = ledger
        self._random_bytes = random_bytes
        self._landing = Landing(folder, on_step)
        self._lock = threading.RLock()
        self._reader: sqlite3.Connection | None = None
        self._pages = PageReader(self._landing, self._query)

    def recover(self) -> RecoveryReport:
        """Finish the moves that a crash cut off, and delete what was never committed."""
        with self._reading() as connection:
            is_clean = not recovery.obsolete_names(connection)
        if is_clean and not recovery.pending_names(self._landing):
            return RecoveryReport()
        with self.ledger.transaction() as transaction:
            return recovery.finish_and_clean(transaction.connection, self._landing)

    def commit(self, batch: Batch) -> CommitResult:
        """Commit pages, windows and everything that continues from them: all or nothing.

        Raises:
            EvidenceInputError: the batch cannot be committed; nothing of it was.
        """
        check_batch(batch)
        name: str | None = None
        with self.ledger.transaction() as transaction:
            create_tables(transaction.connection)
            if batch.pages:
                page = batch.pages[0]
                name = self._landing.new_name(page.source, page.stream, transaction.size("payload"))
            try:
                commit = BatchCommit(transaction, self._landing, random_bytes=self._random_bytes)
                result = commit.write(batch, name)
            except BaseException:
                if name is not None:
                    self._landing.discard_pending(name)
                raise
        self._landing.on_step("committed")
        if name is not None:
            self._landing.move_into_place(name)
        return result

    def cursor(self, source: str, stream: str, scope: str) -> dict[str, Any] | None:
        """Where the stream continues in this scope; None where it never ran."""
        with self._reading() as connection:
            return bookkeeping.cursor_state(connection, source, stream, scope)

    def validator(self, request_key: str) -> Validator | None:
        """What the same request was answered the last time."""
        with self._reading() as connection:
            return bookkeeping.validator_of(connection, request_key)

    def pending_parents(
        self, *, source: str, parent_stream: str, child_stream: str, scope: str | None = None
    ) -> list[ParentVersion]:
        """Parents whose children were not fetched for their present version."""
        with self._reading() as connection:
            return bookkeeping.pending_parents(
                connection, source=source, parent_stream=parent_stream, child_stream=child_stream, scope=scope
            )

    def known_keys(self, source: str, stream: str, scope: str) -> set[str]:
        """Keys of all parents that the stream recorded in the scope."""
        with self._reading() as connection:
            return bookkeeping.known_keys(connection, source, stream, scope)

    def committed_files(self, *, log_size: int | None = None) -> list[EvidenceFile]:
        """The files that hold pages below the log size; filter by log index, they may hold later pages too."""
        with self._reading() as connection:
            return bookkeeping.committed_files(connection, self.folder, log_size)

    def windows(self, *, log_size: int | None = None) -> pa.Table:
        """Closed windows below the log size, one row each (`window_table.WINDOW_SCHEMA`)."""
        with self._reading() as connection:
            return window_table(connection, log_size)

    def totals(self) -> list[StreamTotals]:
        """Files, pages, records and bytes per source and stream."""
        with self._reading() as connection:
            return bookkeeping.stream_totals(connection)

    def page(self, log_index: int) -> StoredPage:
        """The page, checked against the ledger's hash."""
        return self._pages.page(log_index)

    def record(self, record_id: int) -> StoredRecord:
        """One top-level record with its page."""
        return self._pages.record(record_id)

    def records(self, record_ids: Iterable[int]) -> list[StoredRecord]:
        """Records in the order asked for; quicker than one by one."""
        return self._pages.records(record_ids)

    def close(self) -> None:
        """Close the reading connection; the ledger stays open."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            if self._reader is None:
                reader = self.ledger.reader()
                if not has_tables(reader):
                    with self.ledger.transaction() as transaction:
                        create_tables(transaction.connection)
                self._reader = reader
            yield self._reader

    def _query(self, sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._reading() as connection:
            return connection.execute(sql, parameters).fetchall()
