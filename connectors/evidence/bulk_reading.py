"""Reading many pages back at once: by file and row group, each page checked against its leaf in the log."""

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby, pairwise
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from connectors.evidence.commitments import commit_to, leaf_of
from connectors.evidence.errors import EvidenceDamagedError, EvidenceMissingError
from connectors.evidence.landing import Landing
from connectors.evidence.parquet_file import SCHEMA, rows_of
from connectors.evidence.ports import LedgerPort
from connectors.evidence.redaction import metadata_of_row
from connectors.evidence.redaction_checks import RedactionHistory

ADDRESS_COLUMNS = ("log_index", "source", "stream", "scope", "parent_key", "record_count")
_MOST_NAMED = 500
Query = Callable[[str, tuple[Any, ...]], list[tuple[Any, ...]]]


class BulkReader:
    """Pages by log index, many at a time.

    Args:
        landing: where files lie.
        ledger: what their leaves are.
        query: runs one SQL query on the ledger's file and returns all rows.
    """

    def __init__(self, landing: Landing, ledger: LedgerPort, query: Query) -> None:
        self._landing = landing
        self._ledger = ledger
        self._query = query

    def pages(self, log_indexes: Collection[int]) -> pa.Table:
        """Return pages in log order, each as it was committed.

        Raises:
            EvidenceMissingError: there is no such page.
            EvidenceDamagedError: its file is missing or unreadable, or what is stored of it is not what its
                leaf in the log commits to.
        """
        tables = [table for _, table in self._tables(log_indexes, SCHEMA.names)]
        found = pa.concat_tables(tables) if tables else SCHEMA.empty_table()
        indexes = found["log_index"].to_pylist()
        if indexes != sorted(indexes):  # sorting copies every body
            found = found.sort_by("log_index")
        self._check(found)
        return found

    def addresses(self, log_indexes: Collection[int]) -> pa.Table:
        """Return where pages stand (`ADDRESS_COLUMNS`), without their bodies.

        Raises:
            EvidenceMissingError: there is no such page.
            EvidenceDamagedError: its file is missing or unreadable.
        """
        tables = [table for _, table in self._tables(log_indexes, ADDRESS_COLUMNS)]
        schema = pa.schema([SCHEMA.field(name) for name in ADDRESS_COLUMNS])
        return pa.concat_tables(tables) if tables else schema.empty_table()

    def stream_addresses(
        self, paths: Iterable[str], scopes: Collection[str] | None, *, log_size: int
    ) -> pa.Table:
        """Return where the pages of some files stand, of some scopes or of all, below a size of the log."""
        schema = pa.schema([SCHEMA.field(name) for name in ADDRESS_COLUMNS])
        tables = [schema.empty_table()]
        for path in paths:
            table = self._opened(path, lambda file: file.read(columns=list(ADDRESS_COLUMNS)))
            chosen = pc.less(table["log_index"], log_size)
            if scopes is not None:
                chosen = pc.and_(chosen, pc.is_in(table["scope"], pa.array(sorted(scopes), pa.string())))
            tables.append(table.filter(chosen))
        return pa.concat_tables(tables)

    def _tables(self, log_indexes: Collection[int], columns: Sequence[str]) -> Iterator[tuple[str, pa.Table]]:
        by_file: dict[str, dict[int, int]] = {}
        for log_index, name, row_number in self._places(sorted(set(log_indexes))):
            by_file.setdefault(name, {})[row_number] = log_index
        for name, rows in sorted(by_file.items()):
            table = self._opened(name, partial(_rows, rows=sorted(rows), columns=columns))
            expected = [rows[row] for row in sorted(rows)]
            if table["log_index"].to_pylist() != expected:
                raise EvidenceDamagedError(f"{name} does not hold the pages that were committed in it")
            yield name, table

    def _places(self, wanted: Sequence[int]) -> Iterator[tuple[int, str, int]]:
        for first in range(0, len(wanted), _MOST_NAMED):
            part = wanted[first : first + _MOST_NAMED]
            marks = ", ".join("?" * len(part))
            rows = self._query(
                "SELECT log_index, path, row_number FROM evidence_pages JOIN evidence_files USING (file_id)"
                f" WHERE log_index IN ({marks})",
                tuple(part),
            )
            missing = set(part) - {log_index for log_index, _, _ in rows}
            if missing:
                raise EvidenceMissingError(f"there is no page at log index {min(missing)}")
            yield from rows

    def _opened(self, name: str, read: Callable[[pq.ParquetFile], pa.Table]) -> pa.Table:
        try:
            with pq.ParquetFile(self._landing.present_path(name)) as file:
                return read(file)
        except FileNotFoundError as error:
            raise EvidenceDamagedError(f"{name} is missing") from error
        except (pa.ArrowException, OSError, ValueError) as error:
            raise EvidenceDamagedError(f"{name} cannot be read: {error}") from error

    def _check(self, table: pa.Table) -> None:
        """Compare every page with its leaf."""
        indexes = table["log_index"].to_pylist()
        leaves, salts = self._leaves(indexes), self._salts(indexes)
        redacted = self._redacted_commitments(set(indexes))
        for values, body in zip(rows_of(table.drop_columns(["body"])), _views(table["body"]), strict=True):
            index = values["log_index"]
            values["body_sha256"] = hashlib.sha256(body).hexdigest()
            salt, in_force = salts.get(index), redacted.get(index)
            leaf = leaves.get(index) if in_force is None else leaf_of("page", in_force)
            if salt is None or leaf != leaf_of("page", commit_to(metadata_of_row(values), salt)):
                raise EvidenceDamagedError(
                    f"page {index} ({values['source']}/{values['stream']}, {values['url']}) is not the one "
                    "that was committed: its leaf in the log says another"
                )

    def _leaves(self, indexes: Sequence[int]) -> Mapping[int, bytes]:
        found: dict[int, bytes] = {}
        for _, run in groupby(enumerate(indexes), key=lambda each: each[1] - each[0]):
            numbers = [index for _, index in run]
            found.update(self._ledger.leaves("payload", numbers[0], numbers[-1] + 1))
        return found

    def _salts(self, indexes: Sequence[int]) -> Mapping[int, bytes]:
        found: dict[int, bytes] = {}
        for first in range(0, len(indexes), _MOST_NAMED):
            part = tuple(indexes[first : first + _MOST_NAMED])
            marks = ", ".join("?" * len(part))
            found.update(self._query(f"SELECT log_index, salt FROM salts WHERE log_index IN ({marks})", part))
        return found

    def _redacted_commitments(self, indexes: Collection[int]) -> Mapping[int, str]:
        redacted = {index for (index,) in self._query("SELECT DISTINCT log_index FROM redactions", ())}
        wanted = redacted & set(indexes)
        if not wanted:
            return {}
        history = RedactionHistory(self._ledger)
        return {index: str(history.commitment(index)) for index in wanted}


def _views(column: pa.ChunkedArray) -> Iterator[memoryview]:
    """Yield each value of a binary column where it lies; a value taken out of Arrow is copied."""
    for chunk in filter(len, column.chunks):
        _, offsets, data = chunk.buffers()
        places = memoryview(offsets).cast("i")[chunk.offset : chunk.offset + len(chunk) + 1].tolist()
        values = memoryview(data) if data is not None else memoryview(b"")
        yield from (values[start:end] for start, end in pairwise(places))


def _rows(file: pq.ParquetFile, rows: Sequence[int], columns: Sequence[str]) -> pa.Table:
    """Read only the row groups that hold these rows."""
    tables, start, at = [], 0, 0
    for group in range(file.metadata.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        inside = []
        while at < len(rows) and rows[at] < start + count:
            inside.append(rows[at] - start)
            at += 1
        if inside:
            table = file.read_row_group(group, columns=list(columns))
            tables.append(table if len(inside) == count else table.take(inside))
        start += count
    if at < len(rows):
        raise ValueError(f"it has no row {rows[at]}")
    return pa.concat_tables(tables)
