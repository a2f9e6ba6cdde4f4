"""The metrics by plain arithmetic over the truth: one pass over the facts, exact quantiles, no SQL.

A scope has a row for every week, month and quarter from its first deployment to the end of the story: a zero
for counts, no value and n = 0 for the rest where nothing happened. Of the days it has those with events.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from connectors.sandbox.periods import GRAINS, Grain, end_of, periods
from connectors.sandbox.tallies import Scope, Tally, tallied

if TYPE_CHECKING:
    from connectors.sandbox.truth import Truth

NINE_PLACES = Decimal("0.000000001")


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


@dataclass(frozen=True, slots=True)
class Measure:
    """What a metric makes of a tally."""

    unit: str
    of: Callable[[Tally], tuple[Decimal | None, int | None, int | None, int]]


def count(of: Callable[[Tally], int], unit: str = "deployments") -> Measure:
    """A number of things; zero is a value."""

    def measure(tally: Tally) -> tuple[Decimal | None, int | None, int | None, int]:
        number = of(tally)
        return Decimal(number), number, None, number

    return Measure(unit, measure)


def share(
    of: Callable[[Tally], int], *, among: Callable[[Tally], int] = lambda tally: len(tally.days)
) -> Measure:
    """A share, by default of the deployments that reached users."""

    def measure(tally: Tally) -> tuple[Decimal | None, int | None, int | None, int]:
        part, whole = of(tally), among(tally)
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
    "deployment_days": count(lambda tally: len(set(tally.days)), "days"),
    "change_lead_time": quantile(lambda tally: tally.lead_times, HALF),
    "change_lead_time_p75": quantile(lambda tally: tally.lead_times, THREE_QUARTERS),
    "change_lead_time_p90": quantile(lambda tally: tally.lead_times, NINE_TENTHS),
    "pull_request_lead_time": quantile(lambda tally: tally.pull_request_lead_times, HALF),
    "change_fail_rate_explicit": share(lambda tally: tally.explicit_failures),
    "failed_deployment_recovery_time_explicit": quantile(lambda tally: tally.explicit_recoveries, HALF),
    "deployment_rework_rate": share(lambda tally: tally.unplanned),
    "pull_request_lead_time_p75": quantile(lambda tally: tally.pull_request_lead_times, THREE_QUARTERS),
    "pull_request_lead_time_p90": quantile(lambda tally: tally.pull_request_lead_times, NINE_TENTHS),
    "change_lead_time_server_observed": quantile(lambda tally: tally.observed_lead_times, HALF),
    "author_settable_changes_share": share(
        lambda tally: tally.author_settable, among=lambda tally: len(tally.lead_times)
    ),
    "changes_deployed": count(lambda tally: len(tally.lead_times), "changes"),
    "negative_lead_times": count(lambda tally: tally.negative_lead_times, "changes"),
    "failed_rollouts": count(lambda tally: tally.failed_rollouts),
    "change_fail_rate": share(lambda tally: tally.failures),
    "failed_deployment_recovery_time": quantile(lambda tally: tally.recoveries, HALF),
    "failed_deployment_recovery_time_p90": quantile(lambda tally: tally.recoveries, NINE_TENTHS),
}
"""The last three count every failure that the story caused, also those without an explicit reference, and are
there to score links by rule. All others must be met exactly."""

EXACT_METRICS = tuple(MEASURES)[:-3]


def metric_values(truth: "Truth") -> list[MetricValue]:
    """Every metric for every scope and period."""
    tallies = tallied(truth)
    until = truth.company.parameters.until
    first_days: dict[Scope, date] = {}
    for (scope, _, _), tally in tallies.items():
        if tally.days:
            first_days[scope] = min(first_days.get(scope, date.max), *tally.days)
    values: list[MetricValue] = []
    for scope, first in sorted(first_days.items()):
        for grain in GRAINS:
            for start in periods(first, until, grain):
                found = of_tally(scope, grain, start, tallies.get((scope, grain, start), Tally()))
                values.extend(value for value in found if value.n or grain != "day")
    return values


def of_tally(scope: Scope, grain: Grain, start: date, tally: Tally) -> Iterator[MetricValue]:
    """The values of one scope and period."""
    for metric, measure in MEASURES.items():
        value, numerator, denominator, n = measure.of(tally)
        yield MetricValue(
            metric, *scope, grain, start, end_of(start, grain), value, numerator, denominator, n, measure.unit
        )
