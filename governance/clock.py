"""The clock's floor: what has happened already, so that a clock set back revives nothing.

A sign-off that has lapsed or a review that is overdue would be in order again if the day could be chosen. The
governance log cannot be taken back, so its newest event is the earliest instant that a decision may be made
at; so is the newest fetch of evidence.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""Clocks of machines that share a workspace differ a little; days are what decisions hang on."""

# instants of what happened; deadlines and days of validity have other names
_EVENT_AT = re.compile(
    rb'"(?:at|closed_at|decided_at|opened_at|ordered_at|published_at|received_at|recorded_at|signed_at)"'
    rb':"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00)"'
)


@dataclass(frozen=True, slots=True)
class ClockFloor:
    """An instant that has been, and what shows it."""

    at: datetime
    basis: str

    def is_respected(self, at: datetime) -> bool:
        """Whether a clock that says `at` may be right."""
        return at >= self.at - TOLERANCE


def newest_event_at(leaves: Iterable[tuple[int, bytes]]) -> datetime | None:
    """Return the newest instant of any event in the governance log; None where there is none.

    Not the last leaf's: whoever sets a clock back can append leaves, and takes nothing back by it.
    """
    newest = max((found for _, leaf in leaves for found in _EVENT_AT.findall(leaf)), default=None)
    return None if newest is None else datetime.fromisoformat(newest.decode()).astimezone(UTC)
