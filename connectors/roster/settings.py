"""What a workspace says about a roster."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_core import PydanticCustomError

from connectors.files.tabular import EndDates
from connectors.roster.absences import LEAVE_COLUMNS, tells_kind_of_leave
from connectors.roster.people import PEOPLE_COLUMNS
from connectors.settings import REMEDY, SourceSettings

_SOME_DAY = date(2026, 3, 31)


class RosterSettings(SourceSettings):
    """A roster in CSV files, exported from wherever people are administered.

    Attributes:
        people: One row per person and period in which nothing changed: `person_id`, `name`, `email`,
            `manager_id`, `employment_from`, `employment_until`, `valid_from`, `valid_until`, `fte_ratio`,
            `level`, `site`, `team`, `working_calendar`.
        leave: One row per person and time away: `person_id`, `from_date`, `until_date`. Never its kind.
        columns: How the files call these columns, where they call them otherwise.
        accepted_columns: Further columns that may stand in the files: they are kept as evidence, not read.
        date_format: How days are written, as `strptime` reads it; None for 2026-03-31.
        end_dates: Whether an end is the last day (`inclusive`) or the first day after it (`exclusive`).
    """

    kind: Literal["roster"]
    people: Path
    leave: Path | None = None
    columns: Mapping[str, str] = Field(default_factory=dict)
    accepted_columns: tuple[str, ...] = ()
    date_format: str | None = None
    end_dates: EndDates = "exclusive"

    @field_validator("columns")
    @classmethod
    def _known_columns(cls, names: Mapping[str, str]) -> Mapping[str, str]:
        for name in names:
            if name not in {*PEOPLE_COLUMNS, *LEAVE_COLUMNS}:
                raise PydanticCustomError(
                    "column",
                    "'{name}' is no column of a roster; put our name first: ours: theirs",
                    {"name": name},
                )
        return names

    @field_validator("date_format")
    @classmethod
    def _readable_days(cls, date_format: str | None) -> str | None:
        if date_format is not None and not _tells_a_day(date_format):
            raise PydanticCustomError(
                "date_format",
                "'{date_format}' is no form of a day with its month and year",
                {"date_format": date_format, REMEDY: "Write it as strptime does: %d.%m.%Y for 31.03.2026"},
            )
        return date_format

    @field_validator("accepted_columns")
    @classmethod
    def _no_kinds_of_leave(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if tells_kind_of_leave(name):
                raise PydanticCustomError(
                    "kind_of_leave",
                    "'{name}' tells why people were away, which is never kept",
                    {"name": name},
                )
        return names


def _tells_a_day(date_format: str) -> bool:
    """Whether a day that is written so can be read again."""
    try:
        written = _SOME_DAY.strftime(date_format)
        return datetime.strptime(written, date_format).date() == _SOME_DAY  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return False
