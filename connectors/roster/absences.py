"""Times away: days only. Why somebody was away is never read, and a file that tells it is refused whole."""

import re
from collections.abc import Iterable, Iterator
from typing import IO

from connectors.files.documents import HeldDocument, Record
from connectors.files.tables import TableError, opened_table
from connectors.files.tabular import Cells, Columns
from connectors.roster.format import RosterFormat
from connectors.roster.periods import Period, Periods

LEAVE_COLUMNS = ("person_id", "from_date", "until_date")

_WHY = r"type|kind|reason|categor|cause|code|art\b|grund|motif|motivo|nature|comment|note"
_AWAY = r"leave|absence|abwesenheit|urlaub|cong[eé]|ausencia"
_SPOKEN = (
    r"sick|\bill(?:ness)?\b|medical|diagnos|krank|maternit|paternit|parental|bereave|disab|pregnan|vacation"
)
_KIND_OF_LEAVE = re.compile(rf"(?i)(?:{_AWAY}).*(?:{_WHY})|(?:{_WHY}).*(?:{_AWAY})|{_SPOKEN}")
_REFUSAL = (
    "The column would tell why people are away. Only days are kept, never their kind: leave it out of the "
    "export."
)


def tells_kind_of_leave(column: str) -> bool:
    """Whether a column's name says that it tells why people are away."""
    return _KIND_OF_LEAVE.search(column.replace("_", " ")) is not None


def refuse_kinds_of_leave(columns: Iterable[str]) -> None:
    """Refuse a table that tells why people are away.

    Raises:
        TableError: With the column.
    """
    for name in columns:
        if tells_kind_of_leave(name):
            raise TableError(_REFUSAL, line=1, column=name)


def absences_in(_held: HeldDocument, content: IO[bytes], *, written: RosterFormat) -> Iterator[Record]:
    """The rows of a table of leave as records; ends are the first day after.

    Args:
        _held: The file, of which nothing is needed beside its bytes.
        content: Its bytes.
        written: How it is written.

    Raises:
        TableError: A row cannot be right, or a column tells the kind of leave.
    """
    columns = Columns(known=LEAVE_COLUMNS, required=LEAVE_COLUMNS, names=written.names)
    periods = Periods("from_date")
    with opened_table(content) as table:
        found = columns.found_in(table)
        for name in found.unexpected:
            raise TableError(_REFUSAL, line=1, column=name)
        for row in table.rows:
            cells = found.cells(row)
            person, away = cells.required("person_id"), _away(cells, written)
            periods.add(person, away, cells)
            yield {
                "line": row.line,
                "person": {"id": person},
                "from_date": away.start.isoformat(),
                "until_date": away.end.isoformat() if away.end else None,
            }


def _away(cells: Cells, written: RosterFormat) -> Period:
    start = cells.day("from_date", date_format=written.date_format)
    end = cells.end("until_date", ends=written.ends, date_format=written.date_format)
    if start is None or end is None:
        empty = "from_date" if start is None else "until_date"
        raise cells.error(empty, "The cell is empty; every row needs one.")
    if end <= start:
        raise cells.error("until_date", f"The period ends before it begins on {start}.")
    return Period(start, end)
