"""The truth of a simulation: deployments, changes, failures and incidents as the story decided them.

The facts come from the chronicle that the story itself writes; neither an API nor the commit graph is read.
Where the definitions leave room, the story and this module settle it as follows.

One deployment
    is one rollout: all its parts (regions, canary) and attempts. It starts with its first part and ends
    with the last part that reached users; a part that was given up after others reached users does not
    change that. Parts of one rollout lie within six hours and follow each other: another commit of the
    service in production between them ends the rollout, so that going back to a commit that ran two hours
    ago is a deployment of its own. Two rollouts of one commit with nothing between are never nearer than
    seven hours. Rollouts of one service never overlap.
A failed rollout
    reached no user. It is listed, but it carries nothing, replaces nothing and is in no denominator. Its
    changes are carried by the next rollout that reaches users.
A change
    is one commit that somebody wrote, once for every service whose paths it touches. Squashed or rebased,
    it is still the author's own commit, of the last set that was pushed; merge commits are none. Where a
    merge squashes or rebases, each commit of the pull request touches all services that the pull request
    touches.
Committed
    is the start of the build of the change's own push where the repository builds every push (there every
    commit is pushed by itself), else the committer's date. A forced push without builds commits at the
    moment of the push.
Deployed
    is the end of the one rollout that brought the change to users first. A rollback brings none. What the
    first rollout of a service carries has no baseline and no lead time. A negative lead time (a wrong
    clock) is excluded. Bots' changes count.
A rollback
    puts the commit back that ran before the rollout it replaces. It goes back one step only.
A hotfix
    carries a change that was made because production was broken and says so: by branch, label or title, by
    naming an incident, or by reverting a change that users got some days ago. A revert of what users
    never had, or have had for twenty days or more, is none.
Unplanned
    is a rollback, a hotfix, or a rollout with a change of a pull request that names a work item labelled as
    a production defect.
A change failure
    is a rollout that broke its service. It is explicit when the data name it: an incident of severity 1 to
    3 names its deployment, commit, pull request or version; a hotfix that names the incident replaced it;
    it was rolled back; or a hotfix names one of its changes. An incident of severity 4 that names a
    deployment makes it no failure.
Detection and restoration over explicit links
    are the incident's opening and resolution if the incident is linked explicitly; else the failed
    rollout's end and the end of the first rollback or of the first hotfix that names its change.
Owner
    is the team that owned the service when the rollout ended; no failure overlaps a change of owner.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from connectors.sandbox.company import Company
from connectors.sandbox.metric_values import MetricValue, metric_values
from connectors.sandbox.parameters import ORGANISATION
from connectors.sandbox.work_truth import PullRequestTruth, ResponseTruth, WorkItemTruth

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
        is_repair: It was made because production was broken, whether or not anything says so.
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
    is_repair: bool = False

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
    pull_requests: tuple[PullRequestTruth, ...] = ()
    work_items: tuple[WorkItemTruth, ...] = ()
    responses: tuple[ResponseTruth, ...] = ()

    def metric_values(self) -> list[MetricValue]:
        """The metrics per service, team, organisation and period; see `measures.MEASURES`."""
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
            "pull_requests": [document(row) for row in self.pull_requests],
            "work_items": [document(row) for row in self.work_items],
            "responses": [document(row) for row in self.responses],
            "metric_values": [row.to_document() for row in self.metric_values()],
        }


def document(row: Any) -> dict[str, Any]:
    """A fact as JSON; what ends in `_at` is an instant."""
    return {
        name: iso(getattr(row, name)) if name.endswith("_at") else getattr(row, name)
        for name in type(row).__dataclass_fields__
    }


def iso(instant: int | None) -> str | None:
    """An instant as ISO 8601 in UTC."""
    return None if instant is None else datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
