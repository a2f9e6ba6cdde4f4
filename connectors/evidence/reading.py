"""Reading single pages back: by file, row group and row, never by scanning."""

import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.evidence.commitments import instant_of
from connectors.evidence.errors import EvidenceDamagedError, EvidenceMissingError
from connectors.evidence.landing import Landing
from connectors.evidence.parquet_file import rows_of
from connectors.evidence.record_ids import split_record_id
from connectors.evidence.record_values import RECORDS_AT, PageRecords
from connectors.evidence.results import StoredPage, StoredRecord

_CACHED_ROW_GROUPS = 4  # of about 8 MB of body each
_TRIES = 3


class PageReader:
    """Pages by log index, with the last few row groups kept in memory. Safe to share between threads.

    Args:
        landing: where files lie.
        query: runs one SQL query on the ledger's file and returns all rows.
    """

    def __init__(
        self, landing: Landing, query: Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]
    ) -> None:
        self._landing = landing
        self._query = query
        self._lock = threading.Lock()
        self._groups: OrderedDict[tuple[str, int], tuple[int, pa.Table]] = OrderedDict()

    def page(self, log_index: int) -> StoredPage:
        """The page, its body checked against the hash in the ledger.

        Raises:
            EvidenceMissingError: there is no such page.
            EvidenceDamagedError: its file is missing or unreadable, or its body is another one.
        """
        for attempt in range(_TRIES):
            name, row_number, digest = self._locate(log_index)
            try:
                page = self._read(name, row_number)
            except FileNotFoundError as error:
                if attempt + 1 < _TRIES:
                    continue  # compaction has just replaced the file
                raise EvidenceDamagedError(f"{name}, which holds page {log_index}, is missing") from error
            except (pa.ArrowException, OSError, ValueError) as error:
                raise EvidenceDamagedError(
                    f"{name}, which holds page {log_index}, cannot be read: {error}"
                ) from error
            if page.log_index != log_index or hashlib.sha256(page.body).digest() != digest:
                raise EvidenceDamagedError(f"page {log_index} in {name} is not the one that was committed")
            return page
        raise EvidenceDamagedError(f"page {log_index} could not be read")

    def log_indexes(self, source: str, stream: str) -> list[int]:
        """Where the pages of a stream stand in the log; between those of one file others may stand."""
        rows = self._query(
            "SELECT log_index FROM evidence_pages JOIN evidence_files USING (file_id)"
            " WHERE source = ? AND stream = ? ORDER BY log_index",
            (source, stream),
        )
        return [log_index for (log_index,) in rows]

    def record(self, record_id: int) -> StoredRecord:
        """One top-level record of a page."""
        return self.records([record_id])[0]

    def records(self, record_ids: Iterable[int]) -> list[StoredRecord]:
        """Records in the order asked for; pages are read and parsed once, in log order."""
        wanted = list(record_ids)
        found: dict[int, StoredRecord] = {}
        page: StoredPage | None = None
        values: PageRecords | None = None
        for record_id in sorted(set(wanted)):
            log_index, ordinal = split_record_id(record_id)
            if page is None or values is None or page.log_index != log_index:
                page = self.page(log_index)
                values = PageRecords(page.body, path=page.headers.get(RECORDS_AT))
            if ordinal >= len(values):
                raise EvidenceMissingError(f"page {log_index} has {len(values)} records, none at {ordinal}")
            found[record_id] = StoredRecord(record_id, ordinal, page, values[ordinal])
        return [found[record_id] for record_id in wanted]

    def forget(self) -> None:
        """Drop cached row groups."""
        with self._lock:
            self._groups.clear()

    def _locate(self, log_index: int) -> tuple[str, int, bytes]:
        rows = self._query(
            "SELECT path, row_number, body_sha256 FROM evidence_pages JOIN evidence_files USING (file_id)"
            " WHERE log_index = ?",
            (log_index,),
        )
        if not rows:
            raise EvidenceMissingError(f"there is no page at log index {log_index}")
        name, row_number, digest = rows[0]
        return name, row_number, digest

    def _read(self, name: str, row_number: int) -> StoredPage:
        path = self._landing.path(name)
        with self._lock:
            for (cached, group), (start, table) in self._groups.items():
                if cached == name and start <= row_number < start + table.num_rows:
                    self._groups.move_to_end((cached, group))
                    return stored_page(table, row_number - start, path)
            group, start, table = self._row_group(name, row_number)
            self._groups[name, group] = (start, table)
            while len(self._groups) > _CACHED_ROW_GROUPS:
                self._groups.popitem(last=False)
            return stored_page(table, row_number - start, path)

    def _row_group(self, name: str, row_number: int) -> tuple[int, int, pa.Table]:
        """Read from where the file lies; the process that committed it may just be moving it into place."""
        place = self._landing.present_path(name)
        try:
            return _read_row_group(place, row_number)
        except FileNotFoundError:
            return _read_row_group(self._landing.path(name), row_number)


def _read_row_group(path: Path, row_number: int) -> tuple[int, int, pa.Table]:
    with pq.ParquetFile(path) as file:
        start = 0
        for group in range(file.metadata.num_row_groups):
            rows = file.metadata.row_group(group).num_rows
            if row_number < start + rows:
                return group, start, file.read_row_group(group)
            start += rows
    raise ValueError(f"it has no row {row_number}")


def stored_page(table: pa.Table, row: int, path: Path) -> StoredPage:
    """A row of an evidence table as a page."""
    (values,) = rows_of(table.slice(row, 1))
    values["headers"] = json.loads(values["headers"])
    values["fetched_at"] = instant_of(values["fetched_at"])
    return StoredPage(path=path, **values)
