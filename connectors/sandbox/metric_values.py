"""The metrics by plain arithmetic over the truth: one pass over the facts, exact quantiles, no SQL.

Event times: a deployment counts when it ended, a change when it was deployed, a recovery when service was restored.
Scopes: the service; the team that owned it then and every team above that one then; the organisation. A scope has a
row for every period from its first deployment to the end of the story: a zero for counts, no value and n = 0 for the
rest where nothing happened.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from connectors.sandbox.parameters import ORGANISATION, day_of
from connectors.sandbox.periods import GRAINS, Grain, end_of, period_of, periods

if TYPE_CHECKING:
    from connectors.sandbox.truth import Truth

NINE_PLACES = Decimal("0.000000001")
Scope = tuple[str, str]


@dataclass(frozen=True, slots=True)
class MetricValue:
    """One value of one metric, for a scope and a period.

    Attributes:
        value: Rounded half up to nine places; None where there is nothing to measure.
        numerator: Of a ratio; of a count the count; else None.
        denominator: Of a ratio; else None.
        n: Number of events behind the value.
    """

    metric: str
    scope_kind: str
    scope_id: str
    period_grain: Grain
    period_start: date
    period_end: date
    value: Decimal | None
    numerator: int | None
    denominator: int | None
    n: int
    unit: str

    def to_document(self) -> dict[str, Any]:
        """The value as JSON; decimals as text."""
        return {
            "metric": self.metric,
            "scope_kind": self.scope_kind,
            "scope_id": self.scope_id,
            "period_grain": self.period_grain,
            "period_start": self.period_start.isoformat(),
            "period_end": self.period_end.isoformat(),
            "value": None if self.value is None else str(self.value),
            "numerator": self.numerator,
            "denominator": self.denominator,
            "n": self.n,
            "unit": self.unit,
        }


@dataclass(slots=True)
class Tally:
    """What happened to one scope in one period."""

    days: list[date] = field(default_factory=list)
    explicit_failures: int = 0
    failures: int = 0
    unplanned: int = 0
    lead_times: list[int] = field(default_factory=list)
    pull_request_lead_times: list[int] = field(default_factory=list)
    explicit_recoveries: list[int] = field(default_factory=list)
    recoveries: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Measure:
    """What a metric makes of a tally."""

    unit: str
    of: Callable[[Tally], tuple[Decimal | None, int | None, int | None, int]]


def count(of: Callable[[Tally], int]) -> Measure:
    """A number of things; zero is a value."""

    def measure(tally: Tally) -> tuple[Decimal | None, int | None, int | None, int]:
        number = of(tally)
        return Decimal(number), number, None, number

    return Measure("deployments", measure)


def share(of: Callable[[Tally], int]) -> Measure:
    """A share of the deployments that reached users."""

    def measure(tally: Tally) -> tuple[Decimal | None, int | None, int | None, int]:
        part, whole = of(tally), len(tally.days)
        return (rounded(Fraction(part, whole)) if whole else None), part, whole, whole

    return Measure("ratio", measure)


def quantile(of: Callable[[Tally], list[int]], place: Fraction) -> Measure:
    """An interpolated quantile of durations."""

    def measure(tally: Tally) -> tuple[Decimal | None, int | None, int | None, int]:
        durations = sorted(of(tally))
        return (rounded(interpolated(durations, place)) if durations else None), None, None, len(durations)

    return Measure("seconds", measure)


def interpolated(ordered: list[int], place: Fraction) -> Fraction:
    """The quantile at a place between 0 and 1, on the straight line between its two neighbours."""
    position = place * (len(ordered) - 1)
    below = position.numerator // position.denominator
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def rounded(value: Fraction) -> Decimal:
    """A fraction as a decimal with nine places."""
    return (Decimal(value.numerator) / Decimal(value.denominator)).quantize(NINE_PLACES, ROUND_HALF_UP)


HALF, THREE_QUARTERS, NINE_TENTHS = Fraction(1, 2), Fraction(3, 4), Fraction(9, 10)
MEASURES = {
    "deployment_frequency": count(lambda tally: len(tally.days)),
    "deployment_days": Measure("days", count(lambda tally: len(set(tally.days))).of),
    "change_lead_time": quantile(lambda tally: tally.lead_times, HALF),
    "change_lead_time_p75": quantile(lambda tally: tally.lead_times, THREE_QUARTERS),
    "change_lead_time_p90": quantile(lambda tally: tally.lead_times, NINE_TENTHS),
    "pull_request_lead_time": quantile(lambda tally: tally.pull_request_lead_times, HALF),
    "change_fail_rate_explicit": share(lambda tally: tally.explicit_failures),
    "failed_deployment_recovery_time_explicit": quantile(lambda tally: tally.explicit_recoveries, HALF),
    "deployment_rework_rate": share(lambda tally: tally.unplanned),
    "change_fail_rate": share(lambda tally: tally.failures),
    "failed_deployment_recovery_time": quantile(lambda tally: tally.recoveries, HALF),
    "failed_deployment_recovery_time_p90": quantile(lambda tally: tally.recoveries, NINE_TENTHS),
}
"""The last three count every failure that the story caused, also those that leave no explicit reference: what links
by rule are scored against. All others must be met exactly."""

EXACT_METRICS = tuple(MEASURES)[:9]


def metric_values(truth: "Truth") -> list[MetricValue]:
    """Every metric for every scope and period."""
    tallies = tallied(truth)
    until = truth.company.parameters.until
    first_days: dict[Scope, date] = {}
    for (scope, grain, start), tally in tallies.items():
        if grain == "week" and tally.days:
            first_days[scope] = min(first_days.get(scope, date.max), *tally.days)
        del start
    values = []
    for scope, first in sorted(first_days.items()):
        for grain in GRAINS:
            for start in periods(first, until, grain):
                values.extend(of_tally(scope, grain, start, tallies.get((scope, grain, start), Tally())))
    return values


def of_tally(scope: Scope, grain: Grain, start: date, tally: Tally) -> Iterator[MetricValue]:
    """The values of one scope and period."""
    for metric, measure in MEASURES.items():
        value, numerator, denominator, n = measure.of(tally)
        yield MetricValue(
            metric, *scope, grain, start, end_of(start, grain), value, numerator, denominator, n, measure.unit
        )


def tallied(truth: "Truth") -> dict[tuple[Scope, Grain, date], Tally]:
    """Add up every fact in every scope and period that it belongs to."""
    tallies: dict[tuple[Scope, Grain, date], Tally] = defaultdict(Tally)

    def places(service: str, instant: int) -> Iterator[Tally]:
        day = day_of(instant)
        for scope in scopes(truth, service, instant):
            for grain in GRAINS:
                yield tallies[scope, grain, period_of(day, grain)]

    for row in truth.deployments:
        if row.outcome == "success":
            for tally in places(row.service, row.finished_at):
                tally.days.append(day_of(row.finished_at))
                tally.failures += row.is_change_failure
                tally.explicit_failures += row.is_change_failure_explicit
                tally.unplanned += row.is_unplanned
    for service, deployed_at, lead in lead_times(truth):
        for tally in places(service, deployed_at):
            tally.lead_times.append(lead)
    for service, deployed_at, lead in pull_request_lead_times(truth):
        for tally in places(service, deployed_at):
            tally.pull_request_lead_times.append(lead)
    for failure in truth.failures:
        if failure.restored_at is not None:
            for tally in places(failure.service, failure.restored_at):
                tally.recoveries.append(failure.restored_at - failure.detected_at)
        if failure.explicit_restored_at is not None and failure.explicit_detected_at is not None:
            for tally in places(failure.service, failure.explicit_restored_at):
                tally.explicit_recoveries.append(failure.explicit_restored_at - failure.explicit_detected_at)
    return tallies


def scopes(truth: "Truth", service: str, instant: int) -> Iterator[Scope]:
    """Where a fact of a service at an instant counts."""
    yield "service", service
    for team in truth.company.ancestors_at(truth.company.owner_at(service, instant), instant):
        yield "team", team
    yield "organisation", ORGANISATION


def lead_times(truth: "Truth") -> Iterator[tuple[str, int, int]]:
    """Service, deployment and lead time of every change that has one."""
    for row in truth.changes:
        if row.lead_time_seconds is not None and row.deployed_at is not None:
            yield row.service, row.deployed_at, row.lead_time_seconds


def pull_request_lead_times(truth: "Truth") -> Iterator[tuple[str, int, int]]:
    """Service, deployment and time from the first commit of every pull request, once for each service it touches."""
    first: dict[tuple[str, str, int], int] = {}
    deployed: dict[tuple[str, str, int], int] = {}
    for row in truth.changes:
        if row.pull_request is not None and row.state == "deployed" and row.deployed_at is not None:
            key = row.service, row.repository, row.pull_request
            first[key] = min(first.get(key, row.committed_at), row.committed_at)
            deployed[key] = row.deployed_at
    for key, deployed_at in deployed.items():
        yield key[0], deployed_at, deployed_at - first[key]
