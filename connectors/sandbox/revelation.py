"""Makes the truth of the chronicle: what the story decided, as far as its traces can be read by then."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from connectors.sandbox.answering import responses
from connectors.sandbox.chronicle import Change, Chronicle, Failure, Part, Rollout
from connectors.sandbox.company import Company
from connectors.sandbox.events import Event, RepositoryCreated
from connectors.sandbox.reviewing import pull_requests
from connectors.sandbox.settings import GITHUB_SOURCE
from connectors.sandbox.telling import identifier, incidents, name_of, references
from connectors.sandbox.truth import ChangeTruth, DeploymentTruth, FailureTruth, State, Truth
from connectors.sandbox.work_items import hosted_items, tracked_items
from connectors.sandbox.work_truth import WorkItemTruth

TRACKER = "jira"


def truth_of(
    company: Company, chronicle: Chronicle, timeline: Sequence[Event], *, at: int, kinds: Collection[str]
) -> Truth:
    """Read the chronicle and the timeline as far as their traces can be read at an instant.

    Args:
        company: The organisation.
        chronicle: What the story decided.
        timeline: Its events.
        at: The instant in epoch seconds, inclusive.
        kinds: Kinds of source that are read: a work item counts once in each tool, an incident once in all.
    """
    return Truth(
        company=company,
        at=at,
        deployments=tuple(deployments(company, chronicle, at)),
        changes=(*foundations(company, chronicle, timeline, at), *changes(chronicle, at)),
        failures=tuple(failures(company, chronicle, at)),
        incidents=tuple(incidents(company, chronicle, timeline, at, kinds=kinds)),
        pull_requests=tuple(pull_requests(company, chronicle, timeline, at)),
        work_items=tuple(work_items(company, timeline, at, kinds=kinds)),
        responses=tuple(responses(company, timeline, at, kinds=kinds)),
    )


def work_items(
    company: Company, timeline: Sequence[Event], at: int, *, kinds: Collection[str]
) -> Iterator[WorkItemTruth]:
    """Work items of the tools that are read, each as that tool has it."""
    if GITHUB_SOURCE in kinds:
        yield from hosted_items(company, timeline, at)
    if TRACKER in kinds:
        yield from tracked_items(company, timeline, at)


def foundations(
    company: Company, chronicle: Chronicle, timeline: Sequence[Event], at: int
) -> Iterator[ChangeTruth]:
    """What was there before the story: the first rollout of each service brings it, without a baseline."""
    firsts: dict[str, Rollout] = {}
    for rollout in chronicle.rollouts:
        if rollout.replaces is None and rollout.reached_users_at(at):
            firsts.setdefault(rollout.service.name, rollout)
    for event in timeline:
        if not isinstance(event, RepositoryCreated) or event.at > at:
            continue
        for service in company.services:
            first = firsts.get(service.name)
            for commit in event.commits if service.repository == event.repository else ():
                if any(fnmatchcase(path, named) for path in commit.revisions for named in service.paths):
                    yield ChangeTruth(
                        service=service.name,
                        repository=event.repository,
                        commit_sha=commit.sha,
                        pull_request=None,
                        author=commit.author.email,
                        is_bot=False,
                        committed_at=commit.committer.at,
                        is_author_settable=True,
                        merged_at=event.at,
                        state="waiting" if first is None else "excluded",
                        exclusion_reason=None if first is None else "no_baseline",
                        deployment_id=None if first is None else identifier(first, first.parts[0]),
                        deployed_at=None if first is None else max(first.reached_users_at(at)),
                    )


def deployments(company: Company, chronicle: Chronicle, at: int) -> Iterator[DeploymentTruth]:
    """Deployments that ended by an instant, well or not."""
    repairs = {id(row) for failure in chronicle.failures for row in failure.repairs}
    for rollout in chronicle.rollouts:
        parts = [part for part in rollout.parts if part.started_at <= at]
        reached = rollout.reached_users_at(at)
        ended = [
            part.finished_at for part in parts if part.finished_at is not None and part.finished_at <= at
        ]
        if reached or (parts and len(ended) == len(parts)):
            made = deployment(
                company, rollout, parts, finished_at=max(reached or ended), is_reached=bool(reached), at=at
            )
            yield replace(made, is_repair=id(rollout) in repairs)


def deployment(
    company: Company, rollout: Rollout, parts: list[Part], *, finished_at: int, is_reached: bool, at: int
) -> DeploymentTruth:
    """One deployment."""
    has_baseline = rollout.replaces is not None
    carried = rollout.changes if is_reached and has_baseline else []
    is_hotfix = any(row.is_hotfix for row in carried)
    return DeploymentTruth(
        deployment_id=identifier(rollout, parts[0]),
        part_ids=tuple(identifier(rollout, part) for part in parts),
        service=rollout.service.name,
        team=company.owner_at(rollout.service.name, finished_at),
        repository=rollout.service.repository,
        commit_sha=rollout.commit_sha,
        started_at=parts[0].started_at,
        finished_at=finished_at,
        outcome="success" if is_reached else "failed_rollout",
        has_baseline=has_baseline,
        changes=tuple(row.commit_sha for row in carried),
        is_without_change=rollout.replaces is not None and rollout.replaces.commit_sha == rollout.commit_sha,
        is_rollback=rollout.is_rollback,
        is_hotfix=is_hotfix,
        is_unplanned=rollout.is_rollback or is_hotfix or any(row.fixes_defect for row in carried),
        is_change_failure=rollout.failure is not None and is_reached,
        references=references(rollout.failure, at) if rollout.failure is not None else (),
    )


def changes(chronicle: Chronicle, at: int) -> Iterator[ChangeTruth]:
    """Changes that reached the main branch by an instant."""
    carriers = {
        id(row): rollout
        for rollout in chronicle.rollouts
        if rollout.reached_users_at(at)
        for row in rollout.changes
    }
    for row in chronicle.changes:
        if row.merged_at <= at:
            yield change(row, carriers.get(id(row)), at)


def change(row: Change, rollout: Rollout | None, at: int) -> ChangeTruth:
    """One change, with the rollout that brought it to users."""
    state: State = "waiting"
    reason = deployed_at = lead = deployment_id = None
    if rollout is not None:
        deployed_at, deployment_id = max(rollout.reached_users_at(at)), identifier(rollout, rollout.parts[0])
        lead = deployed_at - row.committed_at
        reason = "no_baseline" if rollout.replaces is None else "negative_duration" if lead < 0 else None
        state = "excluded" if reason else "deployed"
    return ChangeTruth(
        service=row.service,
        repository=row.repository,
        commit_sha=row.commit_sha,
        pull_request=row.pull_request,
        author=row.author,
        is_bot=row.is_bot,
        committed_at=row.committed_at,
        is_author_settable=row.is_author_settable,
        merged_at=row.merged_at,
        state=state,
        exclusion_reason=reason,
        deployment_id=deployment_id,
        deployed_at=deployed_at,
        lead_time_seconds=lead if state == "deployed" else None,
    )


def failures(company: Company, chronicle: Chronicle, at: int) -> Iterator[FailureTruth]:
    """Failures whose deployment reached users by an instant."""
    for failure in chronicle.failures:
        reached = failure.rollout.reached_users_at(at)
        if reached:
            yield failure_truth(company, failure, max(reached), at)


def failure_truth(company: Company, failure: Failure, finished_at: int, at: int) -> FailureTruth:
    """One failure."""
    rollout, incident_row = failure.rollout, failure.incident
    if incident_row is not None and incident_row.opened_at > at:
        incident_row = None
    resolved_at = incident_row.resolved_at if incident_row is not None else None
    if resolved_at is not None and resolved_at > at:
        resolved_at = None
    mended_at = min(
        (max(ends) for row in failure.remedies if (ends := row.reached_users_at(at))), default=None
    )
    known = references(failure, at)
    is_linked = "incident" in known and incident_row is not None
    return FailureTruth(
        deployment_id=identifier(rollout, rollout.parts[0]),
        service=rollout.service.name,
        team=company.owner_at(rollout.service.name, finished_at),
        remedy=failure.remedy,
        incident=name_of(incident_row) if incident_row else None,
        references=known,
        detected_at=incident_row.opened_at if incident_row else finished_at,
        restored_at=resolved_at if incident_row else mended_at,
        explicit_detected_at=(incident_row.opened_at if is_linked and incident_row else finished_at)
        if known
        else None,
        explicit_restored_at=(resolved_at if is_linked else mended_at) if known else None,
    )
