"""Checks of a table's cells: which columns there may be, and what stands in them."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from connectors.files.tables import Row, Table, TableError

EndDates = Literal["exclusive", "inclusive"]

_PERCENT = re.compile(r"^(\d{1,3}(?:[.,]\d+)?) ?%$")
_DECIMAL = re.compile(r"^-?\d+(?:[.,]\d+)?$")
_MIDNIGHT = re.compile(r"[T ]00:00(:00(\.0+)?)?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns a table may have, by the names that we give them.

    Attributes:
        known: Columns that are read.
        required: Those that must be there.
        names: The table's own name of a column, where it is another.
        accepted: Further columns of the table that may stand there without being read.
    """

    known: Collection[str]
    required: Collection[str]
    names: Mapping[str, str]
    accepted: Collection[str] = ()

    def found_in(self, table: Table) -> "FoundColumns":
        """Our columns in a table.

        Raises:
            TableError: A column is missing.
        """
        given = {name.casefold(): name for name in table.columns}
        own = {name: given.get(self.names.get(name, name).casefold()) for name in self.known}
        for name in self.required:
            if own[name] is None:
                wanted = self.names.get(name, name)
                raise TableError(
                    f"There is no column {wanted!r}. Add it, or say under columns how it is called.", line=1
                )
        named = {name: column for name, column in own.items() if column is not None}
        accepted = {given.get(name.casefold()) for name in self.accepted}
        further = (name for name in table.columns if name not in {*named.values(), *accepted})
        return FoundColumns(named, tuple(further))


@dataclass(frozen=True, slots=True)
class FoundColumns:
    """Our columns in one table.

    Attributes:
        named: The table's column by our name.
        unexpected: Columns that nobody asked for.
    """

    named: Mapping[str, str]
    unexpected: tuple[str, ...]

    def check_nothing_else(self) -> None:
        """Refuse a table that would bring more into evidence than anybody reads.

        Raises:
            TableError: With the first unexpected column.
        """
        for name in self.unexpected:
            raise TableError(
                "Nobody reads this column, and the whole file would be kept. Leave it out of the export, say "
                "under columns what it is, or list it under accepted_columns.",
                line=1,
                column=name,
            )

    def cells(self, row: Row) -> "Cells":
        """A row's cells by our names."""
        return Cells(row, self.named)


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells of a row by our names, with errors that name the line and the table's own column."""

    row: Row
    columns: Mapping[str, str]

    def text(self, name: str) -> str | None:
        """A text; None where it is empty or the column is not there."""
        column = self.columns.get(name)
        return (self.row.cells[column] or None) if column is not None else None

    def required(self, name: str) -> str:
        """A text that must be there.

        Raises:
            TableError: It is empty.
        """
        text = self.text(name)
        if text is None:
            raise self.error(name, "The cell is empty; every row needs one.")
        return text

    def day(self, name: str, *, date_format: str | None = None) -> date | None:
        """A day, as ISO 8601 or as the settings say; a midnight behind it is passed over.

        Raises:
            TableError: It is no day.
        """
        text = self.text(name)
        if text is None:
            return None
        plain = _MIDNIGHT.sub("", text)
        try:
            if date_format is None:
                return date.fromisoformat(plain)
            return datetime.strptime(plain, date_format).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError as error:
            expected = date_format or "2026-03-31 (or set date_format)"
            raise self.error(name, f"{text!r} is no day; expected is {expected}.") from error

    def end(self, name: str, *, ends: EndDates, date_format: str | None = None) -> date | None:
        """The first day after a period, whether the table gives that or the last day in it.

        Raises:
            TableError: It is no day.
        """
        day = self.day(name, date_format=date_format)
        return day + timedelta(days=1) if day is not None and ends == "inclusive" else day

    def ratio(self, name: str) -> float | None:
        """A share from 0 to 1: `0.8`, `0,8` or `80 %`.

        Raises:
            TableError: It is no number, or lies outside.
        """
        text = self.text(name)
        if text is None:
            return None
        percent = _PERCENT.match(text)
        if percent is None and not _DECIMAL.match(text):
            raise self.error(name, f"{text!r} is no number; expected is a share such as 0.8.")
        number = float((percent[1] if percent else text).replace(",", "."))
        ratio = round(number / 100, 6) if percent else number
        if not 0 <= ratio <= 1:
            raise self.error(name, f"{text!r} lies outside 0 to 1. Give the share of full time.")
        return ratio

    def error(self, name: str, message: str) -> TableError:
        """An error about one cell."""
        return TableError(message, line=self.row.line, column=self.columns.get(name, name))
