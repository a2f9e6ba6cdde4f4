"""Adds up the truth's facts: what happened to each scope in each period.

Event times: a deployment counts when it ended, a change when it was deployed, a recovery when service was
restored. Scopes: the service; the team that owned it then and every team above that one then; the whole.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from connectors.sandbox.parameters import ORGANISATION, day_of
from connectors.sandbox.periods import GRAINS, Grain, period_of

if TYPE_CHECKING:
    from connectors.sandbox.truth import ChangeTruth, Truth

Scope = tuple[str, str]


@dataclass(slots=True)
class Tally:
    """What happened to one scope in one period."""

    days: list[date] = field(default_factory=list)
    explicit_failures: int = 0
    failures: int = 0
    unplanned: int = 0
    failed_rollouts: int = 0
    negative_lead_times: int = 0
    author_settable: int = 0
    lead_times: list[int] = field(default_factory=list)
    observed_lead_times: list[int] = field(default_factory=list)
    pull_request_lead_times: list[int] = field(default_factory=list)
    explicit_recoveries: list[int] = field(default_factory=list)
    recoveries: list[int] = field(default_factory=list)


Tallies = dict[tuple[Scope, Grain, date], Tally]


def tallied(truth: "Truth") -> Tallies:
    """Add up every fact in every scope and period that it belongs to."""
    tallies: Tallies = defaultdict(Tally)
    count_deployments(truth, tallies)
    count_lead_times(truth, tallies)
    count_recoveries(truth, tallies)
    return tallies


def places(truth: "Truth", tallies: Tallies, service: str, instant: int) -> Iterator[Tally]:
    """Where a fact of a service at an instant counts."""
    day = day_of(instant)
    for scope in scopes(truth, service, instant):
        for grain in GRAINS:
            yield tallies[scope, grain, period_of(day, grain)]


def scopes(truth: "Truth", service: str, instant: int) -> Iterator[Scope]:
    """The service, the teams that answer for it at an instant, and the organisation."""
    yield "service", service
    for team in truth.company.ancestors_at(truth.company.owner_at(service, instant), instant):
        yield "team", team
    yield "organisation", ORGANISATION


def count_deployments(truth: "Truth", tallies: Tallies) -> None:
    """Deployments that reached users, and what they were."""
    for row in truth.deployments:
        for tally in places(truth, tallies, row.service, row.finished_at):
            if row.outcome != "success":
                tally.failed_rollouts += 1
            else:
                tally.days.append(day_of(row.finished_at))
                tally.failures += row.is_change_failure
                tally.explicit_failures += row.is_change_failure_explicit
                tally.unplanned += row.is_unplanned


def count_lead_times(truth: "Truth", tallies: Tallies) -> None:
    """Lead times of changes, and of pull requests from their first commit, once for each service."""
    first: dict[tuple[str, str, int], int] = {}
    deployed: dict[tuple[str, str, int], int] = {}
    for row in truth.changes:
        if row.deployed_at is None:
            continue
        for tally in places(truth, tallies, row.service, row.deployed_at):
            count_change(row, tally)
        if row.lead_time_seconds is None:
            continue
        if row.pull_request is not None:
            key = row.service, row.repository, row.pull_request
            first[key] = min(first.get(key, row.committed_at), row.committed_at)
            deployed[key] = row.deployed_at
    for key, deployed_at in deployed.items():
        for tally in places(truth, tallies, key[0], deployed_at):
            tally.pull_request_lead_times.append(deployed_at - first[key])


def count_change(row: "ChangeTruth", tally: Tally) -> None:
    """One change that reached users, with its lead time or the reason for which it has none."""
    tally.negative_lead_times += row.exclusion_reason == "negative_duration"
    if row.lead_time_seconds is not None:
        tally.lead_times.append(row.lead_time_seconds)
        tally.author_settable += row.is_author_settable
        if not row.is_author_settable:
            tally.observed_lead_times.append(row.lead_time_seconds)


def count_recoveries(truth: "Truth", tallies: Tallies) -> None:
    """Times to recover, as they were and as explicit references tell."""
    for row in truth.failures:
        if row.restored_at is not None:
            for tally in places(truth, tallies, row.service, row.restored_at):
                tally.recoveries.append(row.restored_at - row.detected_at)
        if row.explicit_restored_at is not None and row.explicit_detected_at is not None:
            for tally in places(truth, tallies, row.service, row.explicit_restored_at):
                tally.explicit_recoveries.append(row.explicit_restored_at - row.explicit_detected_at)
