"""What each metric makes of what happened to a scope in a period: plain arithmetic, exact quantiles."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from connectors.sandbox.tallies import Tally

NINE_PLACES = Decimal("0.000000001")

Parts = tuple[Decimal | None, int | None, int | None, int]
"""Value, numerator, denominator, n."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a metric makes of a tally.

    Attributes:
        of: Its value and parts.
        facts: Number of facts that the metric looks at, also those without a value; a day without any has
            no row.
        is_early: It is told of a scope before its first deployment too.
    """

    unit: str
    of: Callable[[Tally], Parts]
    facts: Callable[[Tally], int]
    is_early: bool = False


def count(of: Callable[[Tally], int], unit: str = "deployments") -> Measure:
    """A number of things; zero is a value."""

    def measure(tally: Tally) -> Parts:
        number = of(tally)
        return Decimal(number), number, None, number

    return Measure(unit, measure, of)


def share(
    of: Callable[[Tally], int], *, among: Callable[[Tally], int] = lambda tally: len(tally.days)
) -> Measure:
    """A share, by default of the deployments that reached users."""

    def measure(tally: Tally) -> Parts:
        part, whole = of(tally), among(tally)
        return (rounded(Fraction(part, whole)) if whole else None), part, whole, whole

    return Measure("ratio", measure, among)


def quantile(
    of: Callable[[Tally], list[int]],
    place: Fraction,
    *,
    unit: str = "seconds",
    among: Callable[[Tally], int] | None = None,
) -> Measure:
    """An interpolated quantile; `among` counts what might have a value, by default what has."""

    def measure(tally: Tally) -> Parts:
        ordered = sorted(of(tally))
        return (rounded(interpolated(ordered, place)) if ordered else None), None, None, len(ordered)

    return Measure(unit, measure, among or (lambda tally: len(of(tally))))


def early(measure: Measure) -> Measure:
    """The same measure, told before a scope's first deployment too: work and incidents do not wait for it."""
    return replace(measure, is_early=True)


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


def deployed(of: Callable[[Tally], list[int]]) -> Measure:
    """The median of a part of lead times, of the changes that have the part."""
    return quantile(of, HALF, among=lambda tally: len(tally.lead_times))


def merged(of: Callable[[Tally], list[int]], place: Fraction = HALF, unit: str = "seconds") -> Measure:
    """A quantile of what merged pull requests have."""
    return early(quantile(of, place, unit=unit, among=lambda tally: tally.merges))


def finished(of: Callable[[Tally], list[int]], place: Fraction = HALF, unit: str = "seconds") -> Measure:
    """A quantile of what finished work items have that were seen in progress."""
    return early(quantile(of, place, unit=unit, among=lambda tally: len(tally.cycle_times)))


DELIVERY = {
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
    "changes_without_baseline": count(lambda tally: tally.without_baseline, "changes"),
    "failed_rollouts": count(lambda tally: tally.failed_rollouts),
    "change_coding_time": deployed(lambda tally: tally.coding_times),
    "change_pickup_time": deployed(lambda tally: tally.pickup_times),
    "change_review_time": deployed(lambda tally: tally.review_times),
    "change_merge_to_deploy_time": deployed(lambda tally: tally.merge_to_deploy_times),
    "change_unattributed_time": deployed(lambda tally: tally.unattributed_times),
}
"""How work reaches users, and what breaks them."""

INCIDENTS = {
    "failure_incidents": count(lambda tally: tally.failure_incidents, "incidents"),
    "incidents_named_share": share(
        lambda tally: tally.named_incidents, among=lambda tally: tally.failure_incidents
    ),
    "dispositions_unknown_share": share(
        lambda tally: tally.failure_incidents - tally.named_incidents,
        among=lambda tally: tally.failure_incidents,
    ),
    "incidents_detected": early(count(lambda tally: tally.incidents, "incidents")),
    "incidents_open": early(count(lambda tally: tally.open_incidents, "incidents")),
    "time_to_acknowledge": early(quantile(lambda tally: tally.acknowledgement_times, HALF)),
    "time_to_resolve": early(quantile(lambda tally: tally.resolution_times, HALF)),
    "time_to_resolve_p90": early(quantile(lambda tally: tally.resolution_times, NINE_TENTHS)),
}
"""What was wrong in production, and how it was answered."""

WORK = {
    "throughput": early(count(lambda tally: tally.finished_items, "work items")),
    "issue_cycle_time": finished(lambda tally: tally.cycle_times),
    "issue_cycle_time_p75": finished(lambda tally: tally.cycle_times, THREE_QUARTERS),
    "issue_cycle_time_p90": finished(lambda tally: tally.cycle_times, NINE_TENTHS),
    "issue_cycle_time_business": finished(lambda tally: tally.business_cycle_times),
    "flow_efficiency": finished(lambda tally: tally.flow_efficiencies, unit="basis points"),
    "reopened_share": early(
        share(lambda tally: tally.reopened_items, among=lambda tally: tally.finished_items)
    ),
    "unseen_work_share": early(
        share(
            lambda tally: tally.finished_items - len(tally.cycle_times),
            among=lambda tally: tally.finished_items,
        )
    ),
    "production_defects_opened": early(count(lambda tally: tally.defects_opened, "work items")),
    "pull_requests_merged": early(count(lambda tally: tally.merges, "pull requests")),
    "time_to_first_review": merged(lambda tally: tally.first_review_times),
    "time_to_first_review_business": merged(lambda tally: tally.business_first_review_times),
    "pull_request_size": merged(lambda tally: tally.sizes, unit="lines"),
    "review_rounds_p75": merged(lambda tally: tally.review_rounds, THREE_QUARTERS, "rounds"),
    "unreviewed_merge_share": early(
        share(lambda tally: tally.unreviewed_merges, among=lambda tally: tally.merges)
    ),
    "unlinked_change_share": early(
        share(lambda tally: tally.unlinked_merges, among=lambda tally: tally.merges)
    ),
}
"""Work items and pull requests."""

BY_RULE = {
    "change_fail_rate": share(lambda tally: tally.failures),
    "failed_deployment_recovery_time": quantile(lambda tally: tally.recoveries, HALF),
    "failed_deployment_recovery_time_p90": quantile(lambda tally: tally.recoveries, NINE_TENTHS),
}
"""These count every failure that the story caused, also those without an explicit reference: links by rule
are scored against them."""

MEASURES = {**DELIVERY, **INCIDENTS, **WORK, **BY_RULE}
EXACT_METRICS = tuple(name for name in MEASURES if name not in BY_RULE)
"""What must be met exactly."""
