"""The metrics by plain arithmetic over the truth: one pass over the facts, exact quantiles, no SQL.

A scope has a row for every week, month and quarter from its first deployment to the end of the story: a zero
for counts, no value and n = 0 for the rest where nothing happened. Of the days it has those with facts.
Before the first deployment it has the periods in which there was work or an incident.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.sandbox.measures import MEASURES, Measure
from connectors.sandbox.periods import GRAINS, Grain, end_of, periods
from connectors.sandbox.tallies import Scope, Tallies, Tally, tallied

if TYPE_CHECKING:
    from connectors.sandbox.truth import Truth


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


def metric_values(truth: "Truth") -> list[MetricValue]:
    """Every metric for every scope and period of the story."""
    tallies = tallied(truth)
    until = truth.company.parameters.until
    first_days: dict[Scope, date] = {}
    for (scope, _, _), tally in tallies.items():
        if tally.days:
            first_days[scope] = min(first_days.get(scope, date.max), *tally.days)
    values = list(early_values(tallies, first_days, until))
    for scope, first in sorted(first_days.items()):
        for grain in GRAINS:
            for start in periods(first, until, grain):
                tally = tallies.get((scope, grain, start), Tally())
                values.extend(
                    of_tally(name, measure, (scope, grain, start), tally)
                    for name, measure in MEASURES.items()
                    if grain != "day" or measure.facts(tally)
                )
    return values


def early_values(tallies: Tallies, first_days: dict[Scope, date], until: date) -> Iterator[MetricValue]:
    """What is told of periods that end before the scope's first deployment."""
    for place, tally in sorted(tallies.items()):
        scope, grain, start = place
        if start < until and end_of(start, grain) <= first_days.get(scope, date.max):
            for name, measure in MEASURES.items():
                if measure.is_early and measure.facts(tally):
                    yield of_tally(name, measure, place, tally)


def of_tally(name: str, measure: Measure, place: tuple[Scope, Grain, date], tally: Tally) -> MetricValue:
    """The value of one metric, scope and period."""
    scope, grain, start = place
    value, numerator, denominator, n = measure.of(tally)
    return MetricValue(
        name, *scope, grain, start, end_of(start, grain), value, numerator, denominator, n, measure.unit
    )
