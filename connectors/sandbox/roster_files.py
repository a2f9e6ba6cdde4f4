"""Writes what the administration of people exports: the roster and the times away, as CSV."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from connectors.sandbox.company import Company
from connectors.sandbox.events import Event
from connectors.sandbox.parameters import day_of
from connectors.sandbox.staff_records import Staff, StaffRecord, staff_at

ROSTER_FILE = "roster.csv"
LEAVE_FILE = "leave.csv"
ROSTER_COLUMNS = (
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
LEAVE_COLUMNS = ("person_id", "from_date", "until_date")
Row = tuple[object, ...]


def write_roster(company: Company, events: Sequence[Event], folder: Path, *, until: int) -> list[Path]:
    """Write both files as they are exported at an instant.

    Args:
        company: The organisation.
        events: The timeline.
        folder: Where to; files that are there already are replaced at once.
        until: Instant in epoch seconds, inclusive.
    """
    folder.mkdir(parents=True, exist_ok=True)
    staff = staff_at(company, events, until)
    return [
        _written(folder / ROSTER_FILE, ROSTER_COLUMNS, _people(staff)),
        _written(folder / LEAVE_FILE, LEAVE_COLUMNS, _leave(staff, until)),
    ]


def _people(staff: Staff) -> Iterator[Row]:
    for record in staff.records.values():
        for membership in record.memberships:
            yield (
                record.person.number,
                record.person.name,
                work_email(record),
                "" if record.manager is None else record.manager,
                record.employed_from,
                record.employed_until or "",
                membership.from_day,
                membership.until_day or "",
                record.fte_ratio,
                record.level,
                record.site,
                membership.team,
                record.site,
            )


def work_email(record: StaffRecord) -> str:
    """The address that the organisation gave the person, whatever they commit with."""
    return f"{record.person.login}@acme.example"


def _leave(staff: Staff, until: int) -> Iterator[Row]:
    for record in staff.records.values():
        for first, back in record.leave(day_of(until)):
            yield record.person.number, first, back


def _written(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> Path:
    """Write beside the place and move: nobody reads half a file."""
    unfinished = path.with_name(f"{path.name}.partial")
    with unfinished.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return unfinished.replace(path)
