"""Adds up the truth's facts: what happened to each scope in each period.

Event times: a deployment counts when it ended, a change when it was deployed, a recovery when service was
restored, a pull request when it was merged, a work item when it was done (a defect: opened), an incident when
it was noticed, its answers when they were given. Scopes: the service; the team that owned it at the event and
every team above that one then; the whole. Work items belong to who had them in the end, incidents to who had
them first.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from math import floor
from typing import TYPE_CHECKING

from connectors.sandbox.office_hours import office_seconds
from connectors.sandbox.parameters import ORGANISATION, day_of
from connectors.sandbox.periods import GRAINS, Grain, period_of

if TYPE_CHECKING:
    from connectors.sandbox.truth import ChangeTruth, Truth
    from connectors.sandbox.work_truth import PullRequestTruth, WorkItemTruth

LOWEST_FAILURE_SEVERITY = 3

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
    without_baseline: int = 0
    coding_times: list[int] = field(default_factory=list)
    pickup_times: list[int] = field(default_factory=list)
    review_times: list[int] = field(default_factory=list)
    merge_to_deploy_times: list[int] = field(default_factory=list)
    unattributed_times: list[int] = field(default_factory=list)
    merges: int = 0
    unreviewed_merges: int = 0
    unlinked_merges: int = 0
    first_review_times: list[int] = field(default_factory=list)
    business_first_review_times: list[int] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    review_rounds: list[int] = field(default_factory=list)
    finished_items: int = 0
    reopened_items: int = 0
    defects_opened: int = 0
    cycle_times: list[int] = field(default_factory=list)
    business_cycle_times: list[int] = field(default_factory=list)
    flow_efficiencies: list[int] = field(default_factory=list)
    failure_incidents: int = 0
    named_incidents: int = 0
    incidents: int = 0
    open_incidents: int = 0
    acknowledgement_times: list[int] = field(default_factory=list)
    resolution_times: list[int] = field(default_factory=list)


Tallies = dict[tuple[Scope, Grain, date], Tally]


def tallied(truth: "Truth") -> Tallies:
    """Add up every fact in every scope and period that it belongs to."""
    tallies: Tallies = defaultdict(Tally)
    count_deployments(truth, tallies)
    count_lead_times(truth, tallies)
    count_recoveries(truth, tallies)
    count_work(truth, tallies)
    count_incidents(truth, tallies)
    return tallies


def places(
    truth: "Truth", tallies: Tallies, service: str | None, instant: int, *, owned_at: int | None = None
) -> Iterator[Tally]:
    """Where a fact of a service at an instant counts; `owned_at` if it belongs to the owner of another."""
    day = day_of(instant)
    for scope in scopes(truth, service, instant if owned_at is None else owned_at):
        for grain in GRAINS:
            yield tallies[scope, grain, period_of(day, grain)]


def scopes(truth: "Truth", service: str | None, instant: int) -> Iterator[Scope]:
    """The service, the teams that answer for it at an instant, and the organisation."""
    if service is not None:
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
    proposed = {(row.repository, row.number): row for row in truth.pull_requests}
    for row in truth.changes:
        if row.deployed_at is None:
            continue
        request = proposed.get((row.repository, row.pull_request)) if row.pull_request is not None else None
        times = lead_time_parts(row, request)
        for tally in places(truth, tallies, row.service, row.deployed_at):
            count_change(row, tally)
            count_parts(times, tally)
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
    tally.without_baseline += row.exclusion_reason == "no_baseline"
    if row.lead_time_seconds is not None:
        tally.lead_times.append(row.lead_time_seconds)
        tally.author_settable += row.is_author_settable
        if not row.is_author_settable:
            tally.observed_lead_times.append(row.lead_time_seconds)


def lead_time_parts(row: "ChangeTruth", request: "PullRequestTruth | None") -> dict[str, int]:
    """The parts of a lead time that there are; what lies before the commit or after the end is none."""
    if row.lead_time_seconds is None or row.deployed_at is None:
        return {}
    begin, end, parts = row.committed_at, row.deployed_at, dict[str, int]()
    if request is not None:
        steps = {
            "coding": (begin, request.opened_at),
            "pickup": (request.opened_at, request.first_review_at),
            "review": (request.first_review_at, request.merged_at),
            "merge to deploy": (request.merged_at, end),
        }
        for name, (since, until) in steps.items():
            if since is not None and until is not None and since <= until and until >= begin and since <= end:
                parts[name] = min(until, end) - max(since, begin)
    return parts | {"unattributed": row.lead_time_seconds - sum(parts.values())}


def count_parts(parts: dict[str, int], tally: Tally) -> None:
    """The parts of one lead time."""
    lists = {
        "coding": tally.coding_times,
        "pickup": tally.pickup_times,
        "review": tally.review_times,
        "merge to deploy": tally.merge_to_deploy_times,
        "unattributed": tally.unattributed_times,
    }
    for name, seconds in parts.items():
        lists[name].append(seconds)


def count_work(truth: "Truth", tallies: Tallies) -> None:
    """Merged pull requests of people, once for each service; finished work items; defects when opened."""
    for request in truth.pull_requests:
        if request.merged_at is None or request.is_bot:
            continue
        for service in request.services or (None,):
            for tally in places(truth, tallies, service, request.merged_at):
                count_merge(request, tally)
    for item in truth.work_items:
        owned_at = item.opened_at if item.done_at is None else item.done_at
        if item.done_at is not None:
            for tally in places(truth, tallies, item.service, item.done_at):
                count_item(item, tally)
        if item.is_production_defect:
            for tally in places(truth, tallies, item.service, item.opened_at, owned_at=owned_at):
                tally.defects_opened += 1


def count_merge(request: "PullRequestTruth", tally: Tally) -> None:
    """One merged pull request and how it was reviewed."""
    tally.merges += 1
    tally.unreviewed_merges += request.first_review_at is None
    tally.unlinked_merges += not request.is_linked
    tally.sizes.append(request.changed_lines)
    tally.review_rounds.append(request.review_rounds)
    if request.first_review_at is not None:
        tally.first_review_times.append(request.first_review_at - request.opened_at)
        tally.business_first_review_times.append(office_seconds(request.opened_at, request.first_review_at))


def count_item(item: "WorkItemTruth", tally: Tally) -> None:
    """One finished work item."""
    tally.finished_items += 1
    tally.reopened_items += item.reopened_count > 0
    if item.cycle_seconds is None or item.started_at is None or item.done_at is None:
        return
    tally.cycle_times.append(item.cycle_seconds)
    tally.business_cycle_times.append(office_seconds(item.started_at, item.done_at))
    counted = item.active_seconds + item.waiting_seconds
    if counted:
        share = Fraction(item.active_seconds, counted)
        tally.flow_efficiencies.append(floor(10_000 * share + Fraction(1, 2)))


def count_incidents(truth: "Truth", tallies: Tallies) -> None:
    """Incidents that can make a deployment a failure, and how incidents were answered."""
    for incident in truth.incidents:
        if incident.severity <= LOWEST_FAILURE_SEVERITY:
            for tally in places(truth, tallies, min(incident.services), incident.opened_at):
                tally.failure_incidents += 1
                tally.named_incidents += incident.is_explicit
    for row in truth.responses:
        noticed_at = row.detected_at
        for tally in places(truth, tallies, row.service, noticed_at):
            tally.incidents += 1
            tally.open_incidents += row.resolved_at is None
        if row.acknowledged_at is not None:
            for tally in places(truth, tallies, row.service, row.acknowledged_at, owned_at=noticed_at):
                tally.acknowledgement_times.append(row.acknowledged_at - noticed_at)
        if row.resolved_at is not None:
            for tally in places(truth, tallies, row.service, row.resolved_at, owned_at=noticed_at):
                tally.resolution_times.append(row.resolved_at - noticed_at)


def count_recoveries(truth: "Truth", tallies: Tallies) -> None:
    """Times to recover, as they were and as explicit references tell."""
    for row in truth.failures:
        if row.restored_at is not None:
            for tally in places(truth, tallies, row.service, row.restored_at):
                tally.recoveries.append(row.restored_at - row.detected_at)
        if row.explicit_restored_at is not None and row.explicit_detected_at is not None:
            for tally in places(truth, tallies, row.service, row.explicit_restored_at):
                tally.explicit_recoveries.append(row.explicit_restored_at - row.explicit_detected_at)
