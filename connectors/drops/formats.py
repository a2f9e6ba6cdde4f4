"""The rows of a drop's file, whatever it is written in; a file that is not as declared is refused whole."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.drops.declarations import Drop, DropFormat
from connectors.drops.values import EXPECTED, read_text, read_value
from connectors.files.chunks import Borders
from connectors.files.tables import TableError, opened_table

_BATCH_ROWS = 2000
_SHOWN_CHARACTERS = 40

BORDERS: Mapping[DropFormat, Borders] = {
    "csv": Borders.CSV,
    "ndjson": Borders.LINES,
    "parquet": Borders.NONE,
}


@dataclass(frozen=True, slots=True)
class DropRow:
    """A row with its values in the declared types.

    Attributes:
        line: Its line, or the number of the row in a file without lines, counted from 1.
        values: Its values by column.
    """

    line: int
    values: dict[str, Any]


def drop_rows(drop: Drop, content: IO[bytes]) -> Iterator[DropRow]:
    """The rows of a file.

    Raises:
        TableError: It is not as declared; the message names line and column.
    """
    return _READERS[drop.format](drop, content)


def _csv_rows(drop: Drop, content: IO[bytes]) -> Iterator[DropRow]:
    with opened_table(content) as table:
        _check_columns(drop, table.columns, line=1)
        zone = _zone(drop)
        for row in table.rows:
            yield DropRow(
                row.line,
                {
                    name: _read(drop, name, row.cells[name], line=row.line, zone=zone, reader=read_text)
                    for name in drop.columns
                },
            )


def _ndjson_rows(drop: Drop, content: IO[bytes]) -> Iterator[DropRow]:
    zone = _zone(drop)
    for line, text in enumerate(content, start=1):
        if not text.strip():
            continue
        record = _object(text, line)
        _check_columns(drop, [*record, *(name for name in drop.columns if name not in drop.key)], line=line)
        yield _row(drop, record, line=line, zone=zone)


def _parquet_rows(drop: Drop, content: IO[bytes]) -> Iterator[DropRow]:
    zone, number = _zone(drop), 0
    with _readable_parquet():
        file = pq.ParquetFile(content)
        _check_columns(drop, file.schema_arrow.names, line=None)
        for batch in file.iter_batches(batch_size=_BATCH_ROWS):
            for record in batch.to_pylist():
                number += 1
                yield _row(drop, record, line=number, zone=zone)


_READERS: Mapping[DropFormat, Callable[[Drop, IO[bytes]], Iterator[DropRow]]] = {
    "csv": _csv_rows,
    "ndjson": _ndjson_rows,
    "parquet": _parquet_rows,
}


@contextmanager
def _readable_parquet() -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise TableError(f"This is no whole Parquet file: {error}. Was it cut off?") from error


def _row(drop: Drop, record: Mapping[str, Any], *, line: int, zone: ZoneInfo | None) -> DropRow:
    return DropRow(
        line,
        {
            name: _read(drop, name, record.get(name), line=line, zone=zone, reader=read_value)
            for name in drop.columns
        },
    )


def _object(text: bytes, line: int) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise TableError("The line is not JSON. Was the file cut off?", line=line) from error
    if not isinstance(value, dict):
        raise TableError("The line is not a JSON object.", line=line)
    return value


def _check_columns(drop: Drop, given: Collection[str], *, line: int | None) -> None:
    for name in drop.columns:
        if name not in given:
            raise TableError("The column is declared but not there.", line=line, column=name)
    for name in given:
        if name not in drop.columns:
            raise TableError(
                "The column is not declared, and the whole file would be kept. Declare it, or leave it out.",
                line=line,
                column=name,
            )


def _read(
    drop: Drop,
    name: str,
    given: Any,
    *,
    line: int,
    zone: ZoneInfo | None,
    reader: Callable[..., Any],
) -> Any:
    try:
        value = reader(given, drop.columns[name], zone)
    except (ValueError, TypeError, OverflowError) as error:
        shown = "The value" if name in drop.personal_data else repr(given)[:_SHOWN_CHARACTERS]
        expected = EXPECTED[drop.columns[name]]
        raise TableError(f"{shown} does not fit; expected is {expected}.", line=line, column=name) from error
    if value is None and name in drop.key:
        raise TableError("The value is empty, but it is part of the key.", line=line, column=name)
    return value


def _zone(drop: Drop) -> ZoneInfo | None:
    return None if drop.time_zone is None else ZoneInfo(drop.time_zone)
