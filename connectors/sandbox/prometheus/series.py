"""The series that the simulated Prometheus holds, each with its samples at the instants of scraping.

Samples stand on whole minutes. They are missing while Prometheus itself is being maintained, and counters
also while their service cannot be scraped; a missing scrape is a gap, never a zero.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import numpy as np
import numpy.typing as npt

from connectors.sandbox.prometheus.monitoring import Monitoring, Outage, Watched
from connectors.sandbox.prometheus.traffic import Instants, error_counter, request_counter
from connectors.sandbox.working_time import DAY, HOUR, MINUTE

SCRAPE_SECONDS = MINUTE
UNREACHABLE_SECONDS = 10 * MINUTE
PENDING_SECONDS = 2 * MINUTE
SEVERITY_NAMES = {1: "critical", 2: "error", 3: "warning"}
ALERT_NAME = "HighErrorRate"
_MAINTAINED = (3 * HOUR, 3 * HOUR + 20 * MINUTE)

Mask = npt.NDArray[np.bool_]
Interval = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Series:
    """One series.

    Attributes:
        name: Name of the metric.
        labels: Its other labels.
        values: The values at instants of scraping.
        is_present: Whether there is a sample at instants of scraping.
        type: The metric's type, as OpenMetrics names it.
    """

    name: str
    labels: dict[str, str]
    values: Callable[[Instants], Instants]
    is_present: Callable[[Instants], Mask]
    type: str = "gauge"

    @property
    def metric(self) -> dict[str, str]:
        """All labels in order, the name among them."""
        return dict(sorted({"__name__": self.name, **self.labels}.items()))


def all_series(monitoring: Monitoring) -> Iterator[Series]:
    """Every series that has had a sample by now, or could have."""
    for watched in monitoring.running:
        yield from _of_service(monitoring, watched)
    for (service, severity), periods in alerting_periods(monitoring).items():
        yield from _of_alert(monitoring, service, severity, periods)


def target_labels(watched: Watched) -> dict[str, str]:
    """The labels of everything that is scraped from a service."""
    return {
        "environment": watched.service.environment,
        "instance": f"{watched.name}.internal:9090",
        "job": watched.name,
        "service": watched.name,
    }


def alert_labels(monitoring: Monitoring, service: str, severity: int) -> dict[str, str]:
    """The labels of an alert about a service."""
    return {
        "alertname": ALERT_NAME,
        "environment": monitoring.watched[service].service.environment,
        "service": service,
        "severity": SEVERITY_NAMES[severity],
    }


def alerting_periods(monitoring: Monitoring) -> dict[tuple[str, int], list[Interval]]:
    """When alerts were pending or firing, by service and severity; outages that overlap are one alert."""
    found: dict[tuple[str, int], list[Interval]] = {}
    after_now = monitoring.now + 1
    for outage in monitoring.outages:
        periods = found.setdefault((outage.service, outage.severity), [])
        start, end = outage.starts_at, outage.ends_before(after_now)
        if periods and start <= periods[-1][1]:
            periods[-1] = (periods[-1][0], max(end, periods[-1][1]))
        else:
            periods.append((start, end))
    return found


def is_reachable(watched: Watched, instants: Instants) -> Mask:
    """Whether scraping the service succeeds: not in the first minutes of the worst outages."""
    worst = [outage for outage in watched.outages if outage.severity == 1]
    return ~within(instants, [_unreachable(outage) for outage in worst])


def within(instants: Instants, periods: list[Interval]) -> Mask:
    """Whether instants lie in any of the periods, ends excluded."""
    inside = np.zeros(len(instants), dtype=np.bool_)
    for start, end in periods:
        inside |= (instants >= start) & (instants < end)
    return inside


def _of_service(monitoring: Monitoring, watched: Watched) -> Iterator[Series]:
    labels = target_labels(watched)

    def is_scraped(instants: Instants) -> Mask:
        runs: Mask = instants >= watched.restarts[0]
        return runs & is_watching(monitoring, instants)

    def is_answered(instants: Instants) -> Mask:
        return is_scraped(instants) & is_reachable(watched, instants)

    counters = (("http_requests_total", request_counter), ("http_request_errors_total", error_counter))
    for name, counter in counters:
        yield Series(name, labels, partial(counter, watched), is_answered, "counter")
    yield Series("up", labels, lambda at: is_reachable(watched, at).astype(np.int64), is_scraped)


def _of_alert(
    monitoring: Monitoring, service: str, severity: int, periods: list[Interval]
) -> Iterator[Series]:
    labels = alert_labels(monitoring, service, severity)
    states = {
        "pending": [(start, min(start + PENDING_SECONDS, end)) for start, end in periods],
        "firing": [(start + PENDING_SECONDS, end) for start, end in periods],
    }
    for state, active in states.items():
        yield Series(
            "ALERTS",
            {**labels, "alertstate": state},
            lambda at: np.ones(len(at), dtype=np.int64),
            partial(_is_alerting, monitoring, active),
        )


def _is_alerting(monitoring: Monitoring, active: list[Interval], instants: Instants) -> Mask:
    return within(instants, active) & is_watching(monitoring, instants)


def is_watching(monitoring: Monitoring, instants: Instants) -> Mask:
    """Whether Prometheus itself runs: not on the first Sunday night of a month, and never in the future."""
    past: Mask = instants <= monitoring.now
    if not len(instants):
        return past
    nights = [
        (day + _MAINTAINED[0], day + _MAINTAINED[1])
        for day in range(int(instants.min()) // DAY * DAY, int(instants.max()) + 1, DAY)
        if _is_first_sunday(day)
    ]
    return past & ~within(instants, nights)


def _is_first_sunday(day: int) -> bool:
    date = datetime.fromtimestamp(day, UTC)
    return date.isoweekday() == 7 and date.day <= 7  # noqa: PLR2004 - the days of the first week


def _unreachable(outage: Outage) -> Interval:
    end = outage.starts_at + UNREACHABLE_SECONDS
    return outage.starts_at, outage.ends_before(end)
