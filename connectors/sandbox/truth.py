"""The truth of a simulation: deployments, changes, failures and incidents as the story decided them.

The facts come from the chronicle that the story itself writes; neither an API nor the commit graph is read. Where the
definitions leave room, the story and this module settle it as follows.

One deployment
    is one rollout: all its parts (regions, canary) and attempts. It starts with its first part and ends with the last
    part that reached users; a part that was given up after others reached users does not change that. Parts of one
    rollout lie within six hours and follow each other: another commit of the service in production between them ends
    the rollout, so that going back to a commit that ran two hours ago is a deployment of its own. Two rollouts of one
    commit with nothing between are never nearer than seven hours. Rollouts of one service never overlap.
A failed rollout
    reached no user. It is listed, but it carries nothing, replaces nothing and is in no denominator. Its changes are
    carried by the next rollout that reaches users.
A change
    is one commit that somebody wrote, once for every service whose paths it touches. Squashed or rebased, it is still
    the author's own commit, of the last set that was pushed; merge commits are none. In a repository that squashes or
    rebases, each commit of a pull request touches all services that the pull request touches.
Committed
    is the start of the build of the change's own push where the repository builds every push (there every commit is
    pushed by itself), else the committer's date. A forced push without builds commits at the moment of the push.
Deployed
    is the end of the one rollout that brought the change to users first. A rollback brings none. What the first rollout
    of a service carries has no baseline and no lead time. A negative lead time (a wrong clock) is excluded. Bots'
    changes count.
A rollback
    puts the commit back that ran before the rollout it replaces. It goes back one step only.
A hotfix
    carries a change that was made because production was broken and says so: by branch, label or title, by naming an
    incident, or by reverting a change that users got at most nine days ago. A revert of what users never had, or have
    had for twenty days or more, is none.
Unplanned
    is a rollback, a hotfix, or a rollout with a change of a pull request that names a work item labelled as a
    production defect.
A change failure
    is a rollout that broke its service. It is explicit when the data name it: an incident of severity 1 to 3 names its
    deployment, commit, pull request or version; a hotfix that names the incident replaced it; it was rolled back; or a
    hotfix names one of its changes. Incidents of severity 4 that name a deployment do not make it a failure.
Detection and restoration over explicit links
    are the incident's opening and resolution if the incident is linked explicitly; else the failed rollout's end and
    the end of the first rollback or of the first hotfix that names its change.
Owner
    is the team that owned the service when the rollout ended; no failure overlaps a change of owner.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from connectors.sandbox.chronicle import Change, Chronicle, Failure, Incident, Part, Rollout
from connectors.sandbox.company import INCIDENT_REPOSITORY, Company
from connectors.sandbox.metric_values import MetricValue, metric_values
from connectors.sandbox.parameters import ORGANISATION
from connectors.sandbox.settings import GIT_SOURCE, GITHUB_SOURCE

Outcome = Literal["success", "failed_rollout"]
State = Literal["deployed", "waiting", "excluded"]


@dataclass(frozen=True, slots=True)
class DeploymentTruth:
    """One production deployment; instants in epoch seconds.

    Attributes:
        deployment_id: Id of its first part, as the pipeline builds ids.
        part_ids: Ids of all parts and attempts.
        changes: The authors' own commits that users got with it; empty without a baseline.
        is_without_change: Its commit ran already when it started.
        is_change_failure: It broke its service.
        references: How the data name it as a failure; empty if they do not.
    """

    deployment_id: str
    part_ids: tuple[str, ...]
    service: str
    team: str
    repository: str
    commit_sha: str
    started_at: int
    finished_at: int
    outcome: Outcome
    has_baseline: bool
    changes: tuple[str, ...]
    is_without_change: bool
    is_rollback: bool
    is_hotfix: bool
    is_unplanned: bool
    is_change_failure: bool
    references: tuple[str, ...]

    @property
    def is_change_failure_explicit(self) -> bool:
        """Whether the data name it as a failure."""
        return bool(self.references)


@dataclass(frozen=True, slots=True)
class ChangeTruth:
    """One change of one service; instants in epoch seconds."""

    service: str
    repository: str
    commit_sha: str
    pull_request: int | None
    author: str
    is_bot: bool
    committed_at: int
    is_author_settable: bool
    merged_at: int
    state: State
    exclusion_reason: str | None = None
    deployment_id: str | None = None
    deployed_at: int | None = None
    lead_time_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class FailureTruth:
    """One deployment that broke its service; instants in epoch seconds.

    Attributes:
        detected_at: When somebody noticed: the incident's opening, else the deployment's end.
        restored_at: When it worked again; None if it does not yet.
        explicit_detected_at: The same as far as explicit references tell; None without any.
        explicit_restored_at: The same; None also while it is open.
    """

    deployment_id: str
    service: str
    team: str
    remedy: str
    incident: str | None
    references: tuple[str, ...]
    detected_at: int
    restored_at: int | None
    explicit_detected_at: int | None
    explicit_restored_at: int | None


@dataclass(frozen=True, slots=True)
class IncidentTruth:
    """One incident and what caused it; instants in epoch seconds.

    Attributes:
        caused_by: Ids of the deployments that caused it; empty if none did.
        is_explicit: Whether the data name the deployments that caused it.
    """

    incident: str
    services: tuple[str, ...]
    severity: int
    opened_at: int
    resolved_at: int | None
    caused_by: tuple[str, ...]
    is_explicit: bool


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything that a pipeline over the organisation's data should find, known at an instant."""

    company: Company
    at: int
    deployments: tuple[DeploymentTruth, ...]
    changes: tuple[ChangeTruth, ...]
    failures: tuple[FailureTruth, ...]
    incidents: tuple[IncidentTruth, ...]

    def metric_values(self) -> list[MetricValue]:
        """The metrics over explicit links, per service, team, organisation and period; see `metric_values`."""
        return metric_values(self)

    def to_document(self) -> dict[str, Any]:
        """Facts and values as JSON; instants as ISO 8601 in UTC, decimals as text."""
        return {
            "organisation": ORGANISATION,
            "parameters": self.company.parameters.to_document(),
            "at": iso(self.at),
            "deployments": [document(row) for row in self.deployments],
            "changes": [document(row) for row in self.changes],
            "failures": [document(row) for row in self.failures],
            "incidents": [document(row) for row in self.incidents],
            "metric_values": [row.to_document() for row in self.metric_values()],
        }


def truth_of(company: Company, chronicle: Chronicle, *, at: int) -> Truth:
    """Read the chronicle as far as its traces can be read at an instant."""
    return Truth(
        company=company,
        at=at,
        deployments=tuple(deployments(company, chronicle, at)),
        changes=tuple(changes(chronicle, at)),
        failures=tuple(failures(company, chronicle, at)),
        incidents=tuple(incident(row, chronicle, at) for row in chronicle.incidents if row.opened_at <= at),
    )


def deployments(company: Company, chronicle: Chronicle, at: int) -> Iterator[DeploymentTruth]:
    """Deployments that ended by an instant, well or not."""
    for rollout in chronicle.rollouts:
        parts = [part for part in rollout.parts if part.started_at <= at]
        reached = rollout.reached_users_at(at)
        ended = [
            part.finished_at for part in parts if part.finished_at is not None and part.finished_at <= at
        ]
        if reached or (parts and len(ended) == len(parts)):
            yield deployment(
                company, rollout, parts, finished_at=max(reached or ended), is_reached=bool(reached), at=at
            )


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


def references(failure: Failure, at: int) -> tuple[str, ...]:
    """The kinds of explicit references that can be read at an instant."""
    return tuple(dict.fromkeys(row.kind for row in failure.evidence if row.is_known(at)))


def identifier(rollout: Rollout, part: Part) -> str:
    """The id that the pipeline gives to a part."""
    if part.identifier.startswith("tag:"):
        return f"{GIT_SOURCE}:{rollout.service.repository}:{part.identifier}"
    return f"{GITHUB_SOURCE}:{GITHUB_SOURCE}:{part.identifier}"


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


def incident(row: Incident, chronicle: Chronicle, at: int) -> IncidentTruth:
    """One incident."""
    linked = [failure for failure in chronicle.failures if failure.incident is row and row.causes]
    return IncidentTruth(
        incident=name_of(row),
        services=row.services,
        severity=row.severity,
        opened_at=row.opened_at,
        resolved_at=row.resolved_at if row.resolved_at is not None and row.resolved_at <= at else None,
        caused_by=tuple(identifier(cause, cause.parts[0]) for cause in row.causes),
        is_explicit=bool(linked) and all("incident" in references(failure, at) for failure in linked),
    )


def name_of(row: Incident) -> str:
    """How an incident is named."""
    return f"{INCIDENT_REPOSITORY}#{row.number}"


def document(row: Any) -> dict[str, Any]:
    """A fact as JSON; what ends in `_at` is an instant."""
    return {
        name: iso(getattr(row, name)) if name.endswith("_at") else getattr(row, name)
        for name in type(row).__dataclass_fields__
    }


def iso(instant: int | None) -> str | None:
    """An instant as ISO 8601 in UTC."""
    return None if instant is None else datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
