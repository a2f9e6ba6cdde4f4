"""How many requests a service answers, and how many of them badly: whole numbers for every five minutes.

Traffic follows the hour of the day. One request in two thousand goes wrong always; while an incident lasts,
the share that its severity says. The numbers of a longer stretch are sums of five-minute ones, so any two
ways of cutting time agree.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from connectors.sandbox.working_time import DAY, HOUR, MINUTE

SLICE = 5 * MINUTE
BAD_PERMILLE = {1: 600, 2: 250, 3: 60, 4: 0}
"""Requests out of a thousand that go wrong while an incident of this severity lasts."""

_ALWAYS_BAD = 2_000
_BY_HOUR = (3, 2, 2, 2, 2, 3, 5, 8, 11, 13, 14, 14, 13, 14, 14, 13, 12, 12, 11, 10, 9, 8, 6, 4)


@dataclass(frozen=True, slots=True)
class Outage:
    """A service suffers, from one instant up to another, in epoch seconds; None while it goes on."""

    start: int
    end: int | None
    severity: int

    def seconds_within(self, start: int, end: int) -> int:
        """How much of a stretch it covers."""
        own_end = end if self.end is None else min(self.end, end)
        return max(0, own_end - max(self.start, start))


@dataclass(frozen=True, slots=True)
class Traffic:
    """The requests of one service.

    Attributes:
        service: The service.
        outages: When it suffered.
    """

    service: str
    outages: Sequence[Outage]

    def total(self, start: int, end: int) -> int:
        """Requests in whole slices between two instants."""
        return sum(self._of_slice(at) for at in range(start, end, SLICE))

    def bad(self, start: int, end: int) -> int:
        """Requests that went wrong in whole slices between two instants."""
        always = sum(self._of_slice(at) // _ALWAYS_BAD for at in range(start, end, SLICE))
        return always + sum(self._bad_because_of(outage, start, end) for outage in self.outages)

    def _bad_because_of(self, outage: Outage, start: int, end: int) -> int:
        share = BAD_PERMILLE[outage.severity]
        first = max(start, outage.start - outage.start % SLICE)
        last = end if outage.end is None else min(end, outage.end)
        return sum(
            self._of_slice(at) * outage.seconds_within(at, at + SLICE) * share // (SLICE * 1000)
            for at in range(first, last, SLICE)
        )

    def _of_slice(self, at: int) -> int:
        return size_of(self.service) * _BY_HOUR[at % DAY // HOUR]


@cache
def size_of(service: str) -> int:
    """How busy a service is: 40 to 295."""
    return 40 + hashlib.sha256(service.encode()).digest()[0]
