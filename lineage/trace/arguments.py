"""What people type to name a cell: `service:checkout`, `2026-05`, `2026-W21`, `2026-Q2`."""

import re
from dataclasses import dataclass
from datetime import date

from lineage.errors import TraceInputError

SCOPE_KINDS = ("service", "team", "organisation")
PERSON = "person"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})", re.IGNORECASE)
_QUARTER = re.compile(r"(\d{4})-?Q([1-4])", re.IGNORECASE)
_MONTHS_PER_QUARTER = 3
_DAYS = {"day": 1, "week": 7}


@dataclass(frozen=True, slots=True)
class Period:
    """A day, week, month or quarter, by its first day."""

    grain: str
    start: date

    @property
    def end(self) -> date:
        """The first day after it."""
        if self.grain in _DAYS:
            return date.fromordinal(self.start.toordinal() + _DAYS[self.grain])
        months = self.start.month - 1 + (1 if self.grain == "month" else _MONTHS_PER_QUARTER)
        return date(self.start.year + months // 12, months % 12 + 1, 1)

    def __str__(self) -> str:
        if self.grain == "day":
            return self.start.isoformat()
        if self.grain == "month":
            return f"{self.start:%Y-%m}"
        if self.grain == "quarter":
            return f"{self.start.year}-Q{(self.start.month - 1) // _MONTHS_PER_QUARTER + 1}"
        year, week, _ = self.start.isocalendar()
        return f"{year}-W{week:02d}"


def parse_period(text: str) -> Period:
    """Read a month (`2026-05`), an ISO week (`2026-W21`), a quarter (`2026-Q2`) or a day (`2026-05-03`).

    Raises:
        TraceInputError: it is none of these, or there is no such month or week.
    """
    stripped = text.strip()
    try:
        if found := _MONTH.fullmatch(stripped):
            return Period("month", date(int(found[1]), int(found[2]), 1))
        if _DAY.fullmatch(stripped):
            return Period("day", date.fromisoformat(stripped))
        if found := _WEEK.fullmatch(stripped):
            return Period("week", date.fromisocalendar(int(found[1]), int(found[2]), 1))
        if found := _QUARTER.fullmatch(stripped):
            month = (int(found[2]) - 1) * _MONTHS_PER_QUARTER + 1
            return Period("quarter", date(int(found[1]), month, 1))
    except ValueError as error:
        raise TraceInputError(f"there is no period {stripped}: {error}") from error
    raise TraceInputError(
        f"{text!r} is no period; write a month as 2026-05, an ISO week as 2026-W21, a quarter as 2026-Q2, "
        "a day as 2026-05-03"
    )


def parse_scope(text: str) -> tuple[str, str]:
    """Read `kind:id` and return both; the id may hold colons.

    Raises:
        TraceInputError: there is no colon, or the kind is unknown.
    """
    kind, colon, scope_id = text.strip().partition(":")
    if not colon or not scope_id:
        raise TraceInputError(
            f"{text!r} is no scope; write service:NAME, team:NAME, organisation:NAME or person:ACCOUNT"
        )
    if kind not in (*SCOPE_KINDS, PERSON):
        raise TraceInputError(
            f"{kind!r} is no kind of scope; there are {', '.join(SCOPE_KINDS)} and {PERSON}"
        )
    return kind, scope_id
