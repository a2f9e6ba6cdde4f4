"""Periods of days per person, which must not overlap."""

from bisect import bisect
from dataclasses import dataclass
from datetime import date

from connectors.files.tabular import Cells


@dataclass(frozen=True, slots=True)
class Period:
    """From a day on, up to but without another; without end if that is None."""

    start: date
    end: date | None = None

    def holds(self, other: "Period") -> bool:
        """Whether the other lies wholly within."""
        return self.start <= other.start and (
            self.end is None or (other.end is not None and other.end <= self.end)
        )

    def overlaps(self, other: "Period") -> bool:
        """Whether they have a day in common."""
        return (self.end is None or other.start < self.end) and (other.end is None or self.start < other.end)


class Periods:
    """The periods of everybody so far.

    Args:
        column: The column that an overlap is reported at.
    """

    def __init__(self, column: str) -> None:
        self._column = column
        self._by_person: dict[str, list[tuple[date, int, Period]]] = {}

    def __bool__(self) -> bool:
        """Whether there is anybody."""
        return bool(self._by_person)

    def add(self, person: str, period: Period, cells: Cells) -> None:
        """Take a period in.

        Raises:
            TableError: The person has another one on the same days.
        """
        known = self._by_person.setdefault(person, [])
        at = bisect(known, (period.start, 0, period))
        for _, line, other in known[max(at - 1, 0) : at + 1]:
            if period.overlaps(other):
                raise cells.error(
                    self._column, f"The period overlaps that of line {line} of the same person. Part them."
                )
        known.insert(at, (period.start, cells.row.line, period))
