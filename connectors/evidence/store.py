"""The evidence store: what connectors leave behind, committed together with where they continue."""

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from connectors.evidence import bookkeeping, recovery
from connectors.evidence.batch_checks import check_batch
from connectors.evidence.bulk_reading import BulkReader
from connectors.evidence.commitments import PAGE_COLUMNS, canonical, commit_to, leaf_of, microseconds
from connectors.evidence.committing import BatchCommit
from connectors.evidence.compaction import groups_to_merge, merge_files
from connectors.evidence.errors import EvidenceError
from connectors.evidence.landing import Landing
from connectors.evidence.pages import Batch, ParentVersion, Validator
from connectors.evidence.ports import LedgerPort
from connectors.evidence.reading import PageReader
from connectors.evidence.redaction import PageRedaction, commitment_in_force, recorded_redactions
from connectors.evidence.redaction_statement import RedactionOrder, SignaturePort, check_signatures
from connectors.evidence.replacing import FileRow, file_rows
from connectors.evidence.results import (
    CommitResult,
    CompactionReport,
    EvidenceFile,
    Finding,
    PageOpening,
    RecoveryReport,
    Redaction,
    StoredPage,
    StoredRecord,
    StreamTotals,
)
from connectors.evidence.schema import create_tables, has_tables
from connectors.evidence.verification import EvidenceCheck
from connectors.evidence.window_table import window_table, window_table_of

_COMPACTED_BYTES = 64 << 20
_LEAST_SMALL_FILES = 8


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

    reads_again = False
    """Whether windows that are closed here were read from their start, whatever was known."""

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
        self._lock = threading.Lock()
        self._reader: sqlite3.Connection | None = None
        self._pages = PageReader(self._landing, self._query)
        self._bulk = BulkReader(self._landing, ledger, self._query)

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
        with self.ledger.transaction() as transaction:
            create_tables(transaction.connection)
            commit = BatchCommit(transaction, self._landing, random_bytes=self._random_bytes)
            name, result = commit.write(batch)
        self._landing.on_step("committed")
        if name is not None:
            self._landing.move_into_place(name)
        return result

    def cursor(self, source: str, stream: str, scope: str) -> dict[str, Any] | None:
        """Where the stream continues in this scope; None where it never ran."""
        with self._reading() as connection:
            return bookkeeping.cursor_state(connection, source, stream, scope)

    def cursors(self, source: str, stream: str) -> dict[str, dict[str, Any]]:
        """Where the stream continues, by scope."""
        with self._reading() as connection:
            return bookkeeping.cursor_states(connection, source, stream)

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

    def parents(self, source: str, stream: str, scope: str) -> list[ParentVersion]:
        """All parents that the stream recorded in the scope, in their present versions."""
        with self._reading() as connection:
            return bookkeeping.parents(connection, source, stream, scope)

    def known_keys(self, source: str, stream: str, scope: str) -> set[str]:
        """Keys of all parents that the stream recorded in the scope."""
        with self._reading() as connection:
            return bookkeeping.known_keys(connection, source, stream, scope)

    def committed_files(self, *, log_size: int | None = None) -> list[EvidenceFile]:
        """The files that hold pages below the log size; filter by log index, they may hold later ones."""
        with self._reading() as connection:
            return bookkeeping.committed_files(connection, self.folder, log_size)

    def windows(self, *, log_size: int | None = None, first_index: int = 0) -> pa.Table:
        """Closed windows from the first index to below the log size (`window_table.WINDOW_SCHEMA`)."""
        with self._reading() as connection:
            return window_table(connection, log_size, first_index=first_index)

    def totals(self) -> list[StreamTotals]:
        """Files, pages, records and bytes per source and stream."""
        with self._reading() as connection:
            return bookkeeping.stream_totals(connection)

    def page(self, log_index: int) -> StoredPage:
        """The page, checked against the ledger's hash."""
        return self._pages.page(log_index)

    def opening(self, log_index: int) -> PageOpening:
        """What the page's leaf commits to, to be handed to whoever shall check it.

        Raises:
            EvidenceMissingError: there is no such page.
            EvidenceError: its salt is gone, because the page was redacted: its leaf cannot be opened again.
        """
        page = self.page(log_index)
        rows = self._query("SELECT salt FROM salts WHERE log_index = ?", (log_index,))
        metadata = {name: getattr(page, name) for name in PAGE_COLUMNS}
        metadata["headers"] = canonical(dict(page.headers)).decode()
        metadata["fetched_at"] = microseconds(page.fetched_at)
        salt = bytes(rows[0][0]) if rows else b""
        if leaf_of("page", commit_to(metadata, salt)) != self.ledger.leaf("payload", log_index):
            raise EvidenceError(
                f"the leaf of page {log_index} cannot be opened: the page was redacted, and its salt "
                "destroyed. `assay proof leaf payload` proves the leaf as it is"
            )
        return PageOpening(salt.hex(), metadata)

    def log_indexes(self, source: str, stream: str) -> list[int]:
        """Where the pages of a stream stand in the log, in order."""
        return self._pages.log_indexes(source, stream)

    def record(self, record_id: int) -> StoredRecord:
        """One top-level record with its page."""
        return self._pages.record(record_id)

    def records(self, record_ids: Iterable[int]) -> list[StoredRecord]:
        """Records in the order asked for; quicker than one by one."""
        return self._pages.records(record_ids)

    def pages(self, log_indexes: Collection[int]) -> pa.Table:
        """Return many pages with their bodies in log order, each checked against its leaf in the log.

        Raises:
            EvidenceMissingError: there is no such page.
            EvidenceDamagedError: its file is missing or unreadable, or it is not the page that was committed.
        """
        return self._bulk.pages(log_indexes)

    def addresses(self, log_indexes: Collection[int]) -> pa.Table:
        """Return source, stream, scope, parent and number of records of pages, without their bodies."""
        return self._bulk.addresses(log_indexes)

    def stream_addresses(
        self, source: str, stream: str, *, scopes: Collection[str] | None, log_size: int
    ) -> pa.Table:
        """Return the same of a stream's pages below a size of the log, of some scopes or of all."""
        rows = self._stream_files(source, stream)
        paths = [row.path for row in rows if row.first_log_index < log_size]
        return self._bulk.stream_addresses(paths, scopes, log_size=log_size)

    def windows_of(
        self, source: str, stream: str, sets: Mapping[str, Collection[str | None]], *, log_size: int
    ) -> pa.Table:
        """Return the closed windows of a stream's sets (parents by scope) below a size of the log."""
        with self._reading() as connection:
            return window_table_of(connection, (source, stream), sets, log_size=log_size)

    def redact(
        self,
        log_index: int,
        json_paths: Sequence[str],
        *,
        policy: str,
        reason: str,
        signers: Sequence[SignaturePort],
        trusted_keys: Collection[bytes],
        at: datetime,
    ) -> Redaction:
        """Blank values of a JSON body, recorded in the governance log and signed by two people.

        Args:
            log_index: the page.
            json_paths: what becomes null, such as `$[3].user.email` or `$.jobs[*].name`.
            policy: the policy that asks for it.
            reason: the case, without naming a person.
            signers: signatures over `RedactionOrder(...).document()`, at least two by different keys.
            trusted_keys: public keys of those who may sign.
            at: when it was ordered, as it was signed.

        Raises:
            RedactionError: signatures do not suffice, the body is not JSON, or a path leads nowhere.
            EvidenceDamagedError: the file is not as it was committed.
            EvidenceMissingError: there is no such page.
        """
        order = RedactionOrder(log_index, tuple(sorted(set(json_paths))), policy, reason, at)
        recorded = check_signatures(order.document(), signers, trusted_keys)
        with self.ledger.transaction() as transaction:
            create_tables(transaction.connection)
            recovery.finish_and_clean(transaction.connection, self._landing)
            redaction = PageRedaction(
                transaction,
                self._landing,
                old_commitment=commitment_in_force(self.ledger, transaction.connection, log_index),
                random_bytes=self._random_bytes,
            )
            name, result = redaction.write(order, recorded)
        self._replace(name)
        return result

    def redactions(self) -> list[Redaction]:
        """All recorded redactions, oldest first."""
        with self._reading() as connection:
            return recorded_redactions(self.ledger, connection)

    def compact(
        self,
        source: str,
        stream: str,
        *,
        target_bytes: int = _COMPACTED_BYTES,
        least_files: int = _LEAST_SMALL_FILES,
    ) -> CompactionReport:
        """Merge neighbouring small files of a stream. Bodies, log indexes and leaves stay as they are.

        Args:
            source: the source.
            stream: its stream.
            target_bytes: the size on disk that merged files come near.
            least_files: fewer small neighbours are left for later.
        """
        before = self._stream_files(source, stream)
        for group in groups_to_merge(before, target_bytes=target_bytes, least_files=least_files):
            with self.ledger.transaction() as transaction:
                recovery.finish_and_clean(transaction.connection, self._landing)
                name = merge_files(transaction.connection, self._landing, group)
            if name is not None:
                self._replace(name)
        after = self._stream_files(source, stream)
        sizes = (sum(row.file_bytes for row in rows) for rows in (before, after))
        return CompactionReport(len(before), len(after), *sizes)

    def verify(self) -> Iterator[Finding]:
        """Check every committed file, body, commitment and window against the ledger.

        Damage becomes a finding that names the object; nothing is raised for it.
        """
        if not self.ledger.path.exists():
            yield Finding(self.ledger.path.name, "the ledger is missing")
            return
        try:
            with closing(self.ledger.reader()) as connection:
                yield from EvidenceCheck(self.ledger, connection, self._landing).findings()
        except TimeoutError:  # the ledger is busy, which is no damage
            raise
        except (sqlite3.Error, OSError, ValueError, TypeError, LookupError) as error:
            yield Finding(self.ledger.path.name, f"the ledger cannot be read to its end: {error}")

    def close(self) -> None:
        """Close the reading connection; the ledger stays open."""
        with self._lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        if self._reader is None:
            self._open_reader()
        with self._lock:
            if self._reader is None:
                raise EvidenceError("the evidence store was closed while another thread was reading")
            yield self._reader

    def _open_reader(self) -> None:
        """Outside the lock: whoever holds the ledger's lock may be waiting for ours."""
        reader = self.ledger.reader()
        if not has_tables(reader):
            with self.ledger.transaction() as transaction:
                create_tables(transaction.connection)
        with self._lock:
            if self._reader is None:
                self._reader = reader
            else:
                reader.close()

    def _stream_files(self, source: str, stream: str) -> list[FileRow]:
        with self._reading() as connection:
            return file_rows(connection, "source = ? AND stream = ?", (source, stream))

    def _replace(self, name: str) -> None:
        """Move a file that replaces others into place, and remove those."""
        self._landing.on_step("committed")
        self._landing.move_into_place(name)
        self._pages.forget()
        with self.ledger.transaction() as transaction:
            recovery.remove_obsolete(transaction.connection, self._landing)

    def _query(self, sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._reading() as connection:
            return connection.execute(sql, parameters).fetchall()
