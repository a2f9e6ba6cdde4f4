"""The few numbers that decide a simulated organisation completely."""

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

ORGANISATION = "acme"
"""Login of the simulated organisation, in the repositories' full names and in the settings."""

HIGHEST_FACTOR = 100


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a simulation depends on; two equal sets give the same bytes on any machine.

    Attributes:
        seed: Seed of every random choice.
        factor: 1 to 100; multiplies services, repositories, teams and people.
        months: Length of the story, counted back from `until`.
        until: First day after the story (exclusive), midnight UTC.
        services: Number of services instead of the catalogue's 17 times `factor`; for small tests.
        unreferenced_share: Share of change failures that leave no explicit reference in any source.
    """

    seed: int = 7
    factor: int = 1
    months: int = 12
    until: date = date(2026, 7, 1)
    services: int | None = None
    unreferenced_share: float = 0.15

    def __post_init__(self) -> None:
        if not 1 <= self.factor <= HIGHEST_FACTOR:
            raise ValueError(f"The factor of a simulation is 1 to {HIGHEST_FACTOR}, not {self.factor}.")
        if self.months < 1:
            raise ValueError(f"A simulation lasts one month or more, not {self.months}.")
        if self.services is not None and self.services < 1:
            raise ValueError(f"A simulation has one service or more, not {self.services}.")
        if not 0 <= self.unreferenced_share <= 1:
            raise ValueError(f"A share lies between 0 and 1, not at {self.unreferenced_share}.")

    @property
    def first_day(self) -> date:
        """First day of the story: `months` before `until`, on the first of its month."""
        months = self.until.year * 12 + self.until.month - 1 - self.months
        return date(months // 12, months % 12 + 1, 1)

    @property
    def starts_at(self) -> int:
        """First instant of the story, in epoch seconds."""
        return midnight(self.first_day)

    @property
    def ends_at(self) -> int:
        """First instant after the story, in epoch seconds."""
        return midnight(self.until)

    def to_document(self) -> dict[str, Any]:
        """The parameters as JSON values; `from_document` reads them back."""
        return asdict(self) | {"until": self.until.isoformat()}

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> "Parameters":
        """Read what `to_document` wrote."""
        return cls(**document | {"until": date.fromisoformat(document["until"])})


def midnight(day: date) -> int:
    """The first second of a day in UTC, in epoch seconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def day_of(instant: int) -> date:
    """The UTC day of an instant in epoch seconds."""
    return date(1970, 1, 1) + timedelta(days=instant // 86400)
