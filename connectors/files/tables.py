"""CSV as organisations export it: byte order marks, semicolons, quoted newlines; errors name the line."""

import csv
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from connectors.errors import PermanentSourceError

SEPARATORS = (",", ";", "\t", "|")
_EXCEL_HINT = "sep="


class TableError(PermanentSourceError):
    """A table is not what it should be.

    Args:
        message: What is wrong and what to do next.
        line: Line of the file, counted from 1; None where it is about the whole.
        column: The column's name in the file.
    """

    def __init__(self, message: str, *, line: int | None = None, column: str | None = None) -> None:
        where = [f"line {line}"] if line is not None else []
        where += [f"column {column!r}"] if column is not None else []
        super().__init__(f"{', '.join(where)}: {message}" if where else message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
        line: The line that it begins on, counted from 1.
        cells: Its cells by the names of the header, without spaces around; "" where empty.
    """

    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Table:
    """A table that is being read.

    Attributes:
        columns: The names of its header.
        rows: The rows below it, read once.
    """

    columns: tuple[str, ...]
    rows: Iterator[Row]


@contextmanager
def opened_table(content: IO[bytes]) -> Iterator[Table]:
    """A table with its header read.

    Args:
        content: UTF-8 text, with or without a byte order mark; fields are parted by comma, semicolon, tab or
            bar, whichever the header uses. A first line `sep=;`, as spreadsheets write it, is passed over.

    Raises:
        TableError: It is not such a table: not UTF-8, without header, a name twice, or (later) a row is too
            long or too short.
    """
    text = io.TextIOWrapper(content, encoding="utf-8-sig", newline="")
    try:
        lines = _records(text)
        line, fields = next(lines, (1, []))
        header = _header(fields, line)
        yield Table(header, (_row(header, fields, line) for line, fields in lines))
    except UnicodeDecodeError as error:
        raise TableError(
            f"The file is not UTF-8: {error.reason}. Export it as UTF-8 (in a spreadsheet: CSV UTF-8)."
        ) from error
    finally:
        text.detach()


def _records(text: io.TextIOWrapper) -> Iterator[tuple[int, list[str]]]:
    """Records that are not empty, each with the line that it begins on."""
    first, skipped, separator = text.readline(), 0, ""
    if first.lower().startswith(_EXCEL_HINT):
        separator, first, skipped = first.strip()[len(_EXCEL_HINT) :], text.readline(), 1
    separator = separator or max(SEPARATORS, key=first.count)
    reader = csv.reader(_lines(first, text), delimiter=separator, strict=True)
    line = 1 + skipped
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield line, fields
            line = reader.line_num + 1 + skipped
    except csv.Error as error:
        raise TableError(
            f"This is not CSV: {error}. Was the file cut off, or a quote left open?", line=line
        ) from error


def _lines(first: str, text: io.TextIOWrapper) -> Iterator[str]:
    yield first
    for line in text:  # noqa: UP028 - `yield from` would close the file together with the generator
        yield line


def _header(fields: Sequence[str], line: int) -> tuple[str, ...]:
    names = tuple(field.strip() for field in fields)
    if not names:
        raise TableError("The file has no header. Give the names of the columns in its first line.", line=1)
    for name in names:
        if not name:
            raise TableError("A column has no name. Name it or remove it.", line=line)
        if names.count(name) > 1:
            raise TableError("There are two columns of this name. Keep one.", line=line, column=name)
    return names


def _row(header: Sequence[str], fields: Sequence[str], line: int) -> Row:
    if len(fields) != len(header):
        raise TableError(
            f"The row has {len(fields)} fields, the header {len(header)}. Was the file cut off, or a field "
            "with a separator left unquoted?",
            line=line,
        )
    return Row(line, {name: field.strip() for name, field in zip(header, fields, strict=True)})
