"""The timeline's events: what happened in the simulated organisation, in no vendor's shape.

Every instant is in epoch seconds, UTC. Every API of the sandbox is a fold over these events; what an API
cannot show (who caused what) is not in them but in the truth.
"""

from dataclasses import dataclass
from typing import Literal

from connectors.sandbox.commits import Commit

ReviewState = Literal["APPROVED", "CHANGES_REQUESTED", "COMMENTED"]
DeploymentState = Literal["queued", "in_progress", "success", "failure", "error"]
Conclusion = Literal["success", "failure", "cancelled"]


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened at an instant."""

    at: int


@dataclass(frozen=True, slots=True)
class PersonJoined(Event):
    """A person got an account and, unless a bot, a team."""

    login: str
    team: str | None


@dataclass(frozen=True, slots=True)
class PersonMovedTeam(Event):
    """A person left one team for another."""

    login: str
    from_team: str
    to_team: str


@dataclass(frozen=True, slots=True)
class PersonLeft(Event):
    """A person left; if the account was deleted, nothing names it any more."""

    login: str
    team: str
    is_account_deleted: bool


@dataclass(frozen=True, slots=True)
class TeamFormed(Event):
    """A team exists from now on."""

    team: str
    parent: str | None


@dataclass(frozen=True, slots=True)
class ReorganisationHappened(Event):
    """Services got other owners and teams other parents."""

    title: str
    service_moves: tuple[tuple[str, str], ...]
    team_moves: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RepositoryCreated(Event):
    """A repository with its first commits on the main branch."""

    repository: str
    commits: tuple[Commit, ...]


@dataclass(frozen=True, slots=True)
class CommitsPushed(Event):
    """New commits on a branch, oldest first; a forced push replaces what is not in `kept`."""

    repository: str
    branch: str
    actor: str
    commits: tuple[Commit, ...]
    is_forced: bool = False
    kept: int = 0


@dataclass(frozen=True, slots=True)
class PullRequestOpened(Event):
    """A branch is proposed for the main branch."""

    repository: str
    number: int
    author: str
    title: str
    body: str
    branch: str
    is_draft: bool
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PullRequestReadied(Event):
    """A draft is ready for review."""

    repository: str
    number: int
    actor: str


@dataclass(frozen=True, slots=True)
class ReviewRequested(Event):
    """Somebody is asked to review."""

    repository: str
    number: int
    actor: str
    reviewer: str


@dataclass(frozen=True, slots=True)
class ReviewSubmitted(Event):
    """A review, with comments on lines as pairs of path and text."""

    repository: str
    number: int
    reviewer: str
    state: ReviewState
    body: str
    comments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CommentWritten(Event):
    """A comment on an issue or a pull request."""

    repository: str
    number: int
    author: str
    body: str


@dataclass(frozen=True, slots=True)
class PullRequestMerged(Event):
    """A pull request reached the main branch.

    Attributes:
        commit_sha: The commit that the merge made: squashed, merge, or last rebased.
        commits: What it added to the main branch besides the branch's own commits, oldest first.
        recorded_sha: What the hosting service says the merge commit is; sometimes stale.
    """

    repository: str
    number: int
    actor: str
    method: Literal["squash", "merge", "rebase"]
    commit_sha: str
    commits: tuple[Commit, ...]
    recorded_sha: str


@dataclass(frozen=True, slots=True)
class PullRequestClosed(Event):
    """A pull request was given up."""

    repository: str
    number: int
    actor: str


@dataclass(frozen=True, slots=True)
class IssueOpened(Event):
    """A work item."""

    repository: str
    number: int
    author: str
    title: str
    body: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IssueClosed(Event):
    """A work item is done; `commit_sha` if a commit closed it."""

    repository: str
    number: int
    actor: str
    reason: Literal["completed", "not_planned"]
    commit_sha: str | None = None


@dataclass(frozen=True, slots=True)
class IssueReopened(Event):
    """A work item was not done after all."""

    repository: str
    number: int
    actor: str


@dataclass(frozen=True, slots=True)
class IncidentOpened(Event):
    """Something is wrong in production, noticed now."""

    number: int
    services: tuple[str, ...]
    severity: int
    title: str
    body: str
    reporter: str


@dataclass(frozen=True, slots=True)
class IncidentResolved(Event):
    """Service is restored."""

    number: int
    actor: str
    note: str


@dataclass(frozen=True, slots=True)
class BuildStarted(Event):
    """A pipeline run started for a commit; a higher attempt repeats the same run."""

    number: int
    repository: str
    workflow: str
    commit_sha: str
    branch: str
    title: str
    actor: str
    attempt: int = 1
    trigger: Literal["push", "workflow_dispatch"] = "push"


@dataclass(frozen=True, slots=True)
class Job:
    """One job of a run, in epoch seconds."""

    name: str
    started_at: int
    finished_at: int
    conclusion: Conclusion


@dataclass(frozen=True, slots=True)
class BuildFinished(Event):
    """A pipeline run ended with its last job."""

    number: int
    repository: str
    conclusion: Conclusion
    jobs: tuple[Job, ...]


@dataclass(frozen=True, slots=True)
class DeploymentStarted(Event):
    """A part of a rollout begins in an environment."""

    number: int
    service: str
    repository: str
    environment: str
    is_production: bool
    commit_sha: str
    task: str
    part: str | None
    actor: str


@dataclass(frozen=True, slots=True)
class DeploymentStatusChanged(Event):
    """A part of a rollout went on, ended well or failed."""

    number: int
    repository: str
    state: DeploymentState
    note: str = ""


@dataclass(frozen=True, slots=True)
class TagCreated(Event):
    """A version was tagged with an annotated tag."""

    repository: str
    name: str
    commit_sha: str
    tagger: str
    note: str


@dataclass(frozen=True, slots=True)
class ReleasePublished(Event):
    """A release was published on a tag."""

    number: int
    repository: str
    tag: str
    commit_sha: str
    author: str
    notes: str
    is_prerelease: bool = False
