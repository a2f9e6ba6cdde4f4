"""The people of a roster: one record per person and period, checked against each other."""

from collections.abc import Iterator
from datetime import date
from typing import IO

from connectors.files.documents import HeldDocument, Record
from connectors.files.tables import TableError, opened_table
from connectors.files.tabular import Cells, Columns
from connectors.roster.absences import refuse_kinds_of_leave
from connectors.roster.format import RosterFormat
from connectors.roster.periods import Period, Periods

PEOPLE_COLUMNS = (
    "person_id",
    "name",
    "email",
    "manager_id",
    "employment_from",
    "employment_until",
    "valid_from",
    "valid_until",
    "fte_ratio",
    "level",
    "site",
    "team",
    "working_calendar",
)
_REQUIRED = ("person_id", "employment_from")


def people_in(_held: HeldDocument, content: IO[bytes], *, written: RosterFormat) -> Iterator[Record]:
    """The rows of a roster as records; ends are the first day after.

    Args:
        _held: The file, of which nothing is needed beside its bytes.
        content: Its bytes.
        written: How it is written.

    Raises:
        TableError: A row cannot be right; the message names its line and column.
    """
    columns = Columns(
        known=PEOPLE_COLUMNS, required=_REQUIRED, names=written.names, accepted=written.accepted
    )
    periods = Periods("valid_from")
    with opened_table(content) as table:
        found = columns.found_in(table)
        refuse_kinds_of_leave(found.unexpected)
        found.check_nothing_else()
        for row in table.rows:
            cells = found.cells(row)
            employment = _period(cells, "employment", written)
            valid = _period(cells, "valid", written, within=employment)
            periods.add(cells.required("person_id"), valid, cells)
            yield _record(cells, employment, valid)
    if not periods:
        raise TableError("The roster has no rows. Nobody would be left: was the export cut off?")


def _record(cells: Cells, employment: Period, valid: Period) -> Record:
    manager = cells.text("manager_id")
    ratio = cells.ratio("fte_ratio")
    return {
        "line": cells.row.line,
        "person": {"id": cells.text("person_id"), "name": cells.text("name"), "email": cells.text("email")},
        "manager": None if manager is None else {"id": manager},
        "employment_from": employment.start.isoformat(),
        "employment_until": _text(employment.end),
        "valid_from": valid.start.isoformat(),
        "valid_until": _text(valid.end),
        "fte_ratio": 1.0 if ratio is None else ratio,
        "level": cells.text("level"),
        "site": cells.text("site"),
        "team": cells.text("team"),
        "working_calendar": cells.text("working_calendar"),
    }


def _period(cells: Cells, name: str, written: RosterFormat, *, within: Period | None = None) -> Period:
    """The period of a row; what it leaves open is the employment's."""
    first, last = f"{name}_from", f"{name}_until"
    start = cells.day(first, date_format=written.date_format)
    end = cells.end(last, ends=written.ends, date_format=written.date_format)
    if within is not None:
        start, end = start or within.start, end or within.end
    if start is None:
        raise cells.error(first, "The cell is empty; every row needs one.")
    if end is not None and end <= start:
        raise cells.error(last, f"The period ends before it begins on {start}.")
    if within is not None and not within.holds(Period(start, end)):
        raise cells.error(first, "The period lies outside the employment of the same row.")
    return Period(start, end)


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
