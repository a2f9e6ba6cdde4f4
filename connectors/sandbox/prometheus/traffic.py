"""How much is asked of a service, and how much of it fails: counters in closed form, in whole numbers.

Everything follows from the service's name, its restarts and its outages, so a value does not depend on when
or in which order it is asked for.
"""

import random
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from connectors.sandbox.prometheus.monitoring import Outage, Watched
from connectors.sandbox.working_time import DAY, HOUR

Instants = npt.NDArray[np.int64]

_WEEK = 7 * DAY
_HOURS = _WEEK // HOUR
_WEEKEND = (2, 3)  # days of a week that begins on a Thursday, as the epoch does
_QUIET, _BUSY, _WEEKEND_PERCENT = 35, 160, 60
_BUSY_HOURS = range(8, 21)
_MILLIS_PERCENT = 100_000
_PARTS = 1_000_000
FAILING_PARTS = {1: 250_000, 2: 60_000, 3: 15_000}
"""Requests of a million that fail during an outage, by severity, beside those that always do."""


def _profile() -> Instants:
    """Seconds of mean traffic (in percent) from the start of the week up to each hour, and to its end."""
    percents = [
        (_BUSY if hour % 24 in _BUSY_HOURS else _QUIET)
        * (_WEEKEND_PERCENT if hour // 24 in _WEEKEND else 100)
        // 100
        for hour in range(_HOURS)
    ]
    return np.concatenate([[0], np.cumsum(np.array(percents, dtype=np.int64) * HOUR)])


_CUMULATIVE = _profile()
_RATES = np.diff(_CUMULATIVE) // HOUR


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is asked of one service.

    Attributes:
        requests_per_kilosecond: Mean rate.
        failing_parts: Requests of a million that fail in quiet times.
    """

    requests_per_kilosecond: int
    failing_parts: int

    @classmethod
    def of(cls, service: str) -> "Traffic":
        """The traffic of a service, by its name."""
        chance = random.Random(f"traffic/{service}")
        return cls(chance.randrange(500, 20_000), chance.randrange(100, 1_500))

    def requests(self, starts: Instants, ends: Instants) -> Instants:
        """Requests from an instant on up to another; none if that is not later."""
        spent: Instants = np.maximum(_seconds_of_traffic(ends) - _seconds_of_traffic(starts), 0)
        counted: Instants = spent * self.requests_per_kilosecond // _MILLIS_PERCENT
        return counted

    def errors(self, starts: Instants, ends: Instants, outages: list[Outage]) -> Instants:
        """Failed requests from an instant on up to another."""
        failed = self.requests(starts, ends) * self.failing_parts // _PARTS
        for outage in outages:
            first = np.maximum(starts, outage.starts_at)
            last = ends if outage.ends_at is None else np.minimum(ends, outage.ends_at)
            failed += self.requests(first, last) * FAILING_PARTS[outage.severity] // _PARTS
        return failed


def request_counter(watched: Watched, instants: Instants) -> Instants:
    """Requests since the last restart; instants come after the first one."""
    return Traffic.of(watched.name).requests(_last_restarts(watched, instants), instants)


def error_counter(watched: Watched, instants: Instants) -> Instants:
    """Failed requests since the last restart; instants come after the first one."""
    traffic = Traffic.of(watched.name)
    starts = _last_restarts(watched, instants)
    return traffic.errors(starts, instants, watched.outages)


def _last_restarts(watched: Watched, instants: Instants) -> Instants:
    restarts = np.array(watched.restarts, dtype=np.int64)
    places = np.searchsorted(restarts, instants, side="right") - 1
    return restarts[np.maximum(places, 0)]


def _seconds_of_traffic(instants: Instants) -> Instants:
    weeks, rest = np.divmod(instants, _WEEK)
    hours, seconds = np.divmod(rest, HOUR)
    whole: Instants = weeks * _CUMULATIVE[-1] + _CUMULATIVE[hours] + _RATES[hours] * seconds
    return whole
