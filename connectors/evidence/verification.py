"""Checking evidence against the ledger: files, bodies, commitments, windows, what is missing or too much."""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.evidence import commitments, recovery
from connectors.evidence.commitments import commit_to, leaf_of
from connectors.evidence.landing import PENDING, Landing
from connectors.evidence.parquet_file import rows_of, sha256_of_file
from connectors.evidence.ports import LedgerPort
from connectors.evidence.redaction import metadata_of_row
from connectors.evidence.redaction_checks import RedactionHistory
from connectors.evidence.replacing import FileRow, file_rows, row_groups_ahead
from connectors.evidence.results import Finding
from connectors.evidence.schema import has_tables

_CHUNK = 20_000


class EvidenceCheck:
    """One pass over everything that was committed when it began."""

    def __init__(self, ledger: LedgerPort, connection: sqlite3.Connection, landing: Landing) -> None:
        self._ledger = ledger
        self._connection = connection
        self._landing = landing
        self._size = ledger.size("payload")
        self._redactions = RedactionHistory(ledger)

    def findings(self) -> Iterator[Finding]:
        """Every object that differs, named."""
        if not has_tables(self._connection):
            for name in sorted(self._landing.names()):
                yield Finding(name, "no file of this name was committed")
            return
        yield from self._redactions.findings(self._connection)
        yield from self._unexpected_files()
        for row in file_rows(self._connection, "1 = 1"):
            found = self._file(row)
            if found and file_rows(self._connection, "file_id = ?", (row.file_id,)) != [row]:
                yield Finding(
                    row.path, "it was replaced while it was being read; verify again", is_fatal=False
                )
            else:
                yield from found
        yield from self._windows()
        yield from self._unaccounted_leaves()
        yield from self._rows_without_leaf()

    def _unexpected_files(self) -> Iterator[Finding]:
        on_disk = self._landing.names()  # before the query: what is committed meanwhile must not look foreign
        known = {row.path for row in file_rows(self._connection, "1 = 1")}
        obsolete = set(recovery.obsolete_names(self._connection))
        for name in sorted(on_disk - known):
            if name.endswith(PENDING):
                yield Finding(
                    name, "a crash or a running process left it; `recover` finishes it", is_fatal=False
                )
            elif name in obsolete:
                yield Finding(name, "it is replaced and should be gone; `recover` removes it", is_fatal=False)
            else:
                yield Finding(name, "no file of this name was committed")

    def _file(self, row: FileRow) -> list[Finding]:
        """Check a file, and once more where it was moved into its place meanwhile."""
        while True:
            place = self._landing.present_path(row.path)
            try:
                found = list(self._file_at(row, place))
            except FileNotFoundError:
                found = [Finding(row.path, "the file is missing")]
            if not found or place == self._landing.present_path(row.path):
                return found

    def _file_at(self, row: FileRow, path: Path) -> Iterator[Finding]:
        written = sha256_of_file(path)
        if written.sha256 != row.sha256:
            yield Finding(row.path, f"its sha256 is {written.sha256}, the ledger says {row.sha256}")
            return  # a parser of damaged Parquet may do anything
        contents = _Contents()
        try:
            for table in row_groups_ahead(path):
                yield from self._row_group(row, table, contents.pages)
                contents.add(table)
        except FileNotFoundError:
            raise
        except (pa.ArrowException, OSError, ValueError, TypeError, KeyError) as error:
            yield Finding(row.path, f"it cannot be read as Parquet: {error}")
            return
        for name, found in contents.summary().items():
            if getattr(row, name) != found:
                yield Finding(row.path, f"its {name} is {found}, the ledger says {getattr(row, name)}")

    def _row_group(self, row: FileRow, table: pa.Table, row_number: int) -> Iterator[Finding]:
        indexes = table["log_index"].to_pylist()
        known = self._known_pages(row.file_id, row_number, table.num_rows)
        leaves = dict(self._ledger.leaves("payload", min(indexes), max(indexes) + 1))
        bodies = [body for chunk in table["body"].chunks for body in chunk]
        rows = rows_of(table.drop_columns(["body"]))
        for at, (values, body) in enumerate(zip(rows, bodies, strict=True)):
            log_index = values["log_index"]
            name = f"{row.path}: page {log_index}"
            expected_index, digest, salt = known.get(row_number + at, (None, None, None))
            if expected_index != log_index:
                yield Finding(name, f"the ledger has page {expected_index} in its place")
                continue
            derived = hashlib.sha256(body.as_buffer()).digest()
            if not derived == digest == bytes.fromhex(values["body_sha256"]):
                yield Finding(name, "its body does not have the sha256 that was recorded")
            values["body_sha256"] = derived.hex()
            leaf = self._expected_leaf(log_index, leaves)
            yield from _check_commitment(name, "page", metadata_of_row(values), salt=salt, leaf=leaf)

    def _known_pages(self, file_id: int, first_row: int, count: int) -> dict[int, tuple[int, bytes, bytes]]:
        rows = self._connection.execute(
            "SELECT row_number, log_index, body_sha256, salt FROM evidence_pages"
            " LEFT JOIN salts USING (log_index)"
            " WHERE file_id = ? AND row_number >= ? AND row_number < ?",
            (file_id, first_row, first_row + count),
        ).fetchall()
        return {row[0]: (row[1], row[2], row[3]) for row in rows}

    def _expected_leaf(self, log_index: int, leaves: dict[int, bytes]) -> bytes | None:
        """The page's leaf, with the commitment that a redaction put in force."""
        redacted = self._redactions.commitment(log_index)
        return leaves.get(log_index) if redacted is None else leaf_of("page", redacted)

    def _windows(self) -> Iterator[Finding]:
        columns = ", ".join(name for name in commitments.WINDOW_COLUMNS)
        query = (
            f"SELECT window_index, salt, {columns} FROM fetch_windows JOIN scopes USING (scope_id)"
            " LEFT JOIN salts ON salts.log_index = window_index"
            " WHERE window_index > ? AND window_index < ? ORDER BY window_index LIMIT ?"
        )
        last = -1
        while rows := self._connection.execute(query, (last, self._size, _CHUNK)).fetchall():
            leaves = dict(self._ledger.leaves("payload", rows[0][0], rows[-1][0] + 1))
            for index, salt, *values in rows:
                metadata = dict(zip(commitments.WINDOW_COLUMNS, values, strict=True))
                metadata["is_changed"] = bool(metadata["is_changed"])
                name = f"{self._ledger.path.name}: window {index} ({metadata['window_id']})"
                try:
                    metadata["page_indexes"] = json.loads(metadata["page_indexes"])
                except ValueError:
                    yield Finding(name, "its list of pages cannot be read")
                    continue
                yield from _check_commitment(name, "window", metadata, salt=salt, leaf=leaves.get(index))
            last = rows[-1][0]

    def _unaccounted_leaves(self) -> Iterator[Finding]:
        """Every leaf stands for exactly one page or window."""
        query = (
            "SELECT log_index FROM evidence_pages JOIN evidence_files USING (file_id)"
            " WHERE log_index >= :first AND log_index < :stop"
            " UNION ALL SELECT window_index FROM fetch_windows JOIN scopes USING (scope_id)"
            " WHERE window_index >= :first AND window_index < :stop"
        )
        for first in range(0, self._size, _CHUNK):
            stop = min(first + _CHUNK, self._size)
            rows = self._connection.execute(query, {"first": first, "stop": stop}).fetchall()
            found = sorted(row[0] for row in rows)
            if found == list(range(first, stop)):
                continue
            for index in sorted(set(range(first, stop)) - set(found)):
                yield Finding(self._leaf_name(index), "it stands for no page and no window")
            for index in sorted(each for each, count in Counter(found).items() if count > 1):
                yield Finding(self._leaf_name(index), "it stands for a page and a window")

    def _rows_without_leaf(self) -> Iterator[Finding]:
        """Pages and windows that no leaf can stand for: a window that was slipped in would prove absence."""
        query = (
            "SELECT window_index, 'window ' || window_index || ' (' || window_id || ')' FROM fetch_windows"
            " WHERE window_index < 0 OR window_index >= :size"
            " UNION ALL SELECT log_index, 'page ' || log_index FROM evidence_pages"
            " WHERE log_index < 0 OR log_index >= :size ORDER BY 1"
        )
        rows = self._connection.execute(query, {"size": self._size}).fetchall()
        # asked after the query: what was committed meanwhile has its leaf by now
        size = self._ledger.size("payload")
        for index, name in rows:
            if not 0 <= index < size:
                yield Finding(f"{self._ledger.path.name}: {name}", "no leaf stands for it")

    def _leaf_name(self, index: int) -> str:
        return f"{self._ledger.path.name}: payload leaf {index}"


@dataclass(slots=True)
class _Contents:
    """What a file holds, for comparison with its row in the ledger."""

    pages: int = 0
    records: int = 0
    body_bytes: int = 0
    log_indexes: set[int] = field(default_factory=set)
    streams: set[tuple[str, str]] = field(default_factory=set)

    def add(self, table: pa.Table) -> None:
        """Count a row group."""
        self.pages += table.num_rows
        self.records += pc.sum(table["record_count"]).as_py() or 0
        self.body_bytes += pc.sum(pc.binary_length(table["body"])).as_py() or 0
        extremes = pc.min_max(table["log_index"]).as_py()
        self.log_indexes |= {extremes["min"], extremes["max"]}
        self.streams |= set(zip(table["source"].to_pylist(), table["stream"].to_pylist(), strict=True))

    def summary(self) -> dict[str, object]:
        """The columns of the file's row that follow from its content."""
        source, stream = next(iter(self.streams)) if len(self.streams) == 1 else (None, None)
        return {
            "source": source,
            "stream": stream,
            "first_log_index": min(self.log_indexes, default=None),
            "last_log_index": max(self.log_indexes, default=None),
            "pages": self.pages,
            "records": self.records,
            "body_bytes": self.body_bytes,
        }


def _check_commitment(
    name: str, kind: str, metadata: dict[str, Any], *, salt: object, leaf: bytes | None
) -> Iterator[Finding]:
    if not isinstance(salt, bytes):
        yield Finding(name, "its salt is missing")
    elif leaf != leaf_of(kind, commit_to(metadata, salt)):
        yield Finding(name, "what is stored of it is not what its leaf in the log commits to")
