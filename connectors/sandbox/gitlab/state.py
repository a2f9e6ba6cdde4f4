"""What the simulated GitLab knows at an instant: the objects that the fold keeps up to date."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.commits import Commit
from connectors.sandbox.company import Company
from connectors.sandbox.people import BOTS, Person


@dataclass(slots=True)
class Group:
    """A group: the organisation, or a team below it, with its direct members and since when."""

    number: int
    slug: str
    parent: str | None
    created_at: int
    members: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Happening:
    """One event of a project; `fields` are what its kind adds. A hidden one leaves a gap in its page."""

    number: int
    action: str
    author: str
    at: int
    target_type: str | None = None
    target_id: int | None = None
    target_iid: int | None = None
    is_hidden: bool = False
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class MergeRequest:
    """A merge request.

    Attributes:
        commits: Those of its branch, oldest first.
        merge_commit_sha: The merge commit; None after a fast-forward.
        squash_commit_sha: The one commit that all others were squashed into, or None.
    """

    number: int
    iid: int
    author: str
    title: str
    body: str
    labels: tuple[str, ...]
    branch: str
    commits: list[Commit]
    created_at: int
    updated_at: int
    is_draft: bool
    state: str = "opened"
    ended_at: int | None = None
    ended_by: str | None = None
    merge_commit_sha: str | None = None
    squash_commit_sha: str | None = None
    reviewers: list[str] = field(default_factory=list)
    notes: int = 0


@dataclass(slots=True)
class Job:
    """A job with its times, which may still lie ahead; `conclusion` is how it ends."""

    number: int
    name: str
    stage: str
    created_at: int
    started_at: int
    finished_at: int | None
    conclusion: str


@dataclass(slots=True)
class Pipeline:
    """A pipeline with all jobs, those that were retried included."""

    number: int
    iid: int
    name: str
    commit_sha: str
    branch: str
    actor: str
    source: str
    created_at: int
    updated_at: int
    status: str = "running"
    finished_at: int | None = None
    jobs: list[Job] = field(default_factory=list)
    running: set[int] = field(default_factory=set)
    """Deployments that run in it."""


@dataclass(slots=True)
class Environment:
    """An environment."""

    number: int
    name: str
    is_production: bool
    created_at: int


@dataclass(slots=True)
class Deployment:
    """A deployment; the job that did it, or none where another tool told GitLab of it."""

    number: int
    iid: int
    environment: Environment
    commit_sha: str
    creator: str
    created_at: int
    updated_at: int
    status: str = "created"
    job: Job | None = None
    pipeline: Pipeline | None = None


@dataclass(slots=True)
class Release:
    """A release on a tag."""

    tag: str
    commit_sha: str
    author: str
    notes: str
    released_at: int


@dataclass(slots=True)
class Project:
    """A project with everything in it."""

    name: str
    number: int
    created_at: int
    activity_at: int
    head_sha: str
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, list[Commit]] = field(default_factory=dict)
    merge_requests: dict[int, MergeRequest] = field(default_factory=dict)
    issues: dict[int, int] = field(default_factory=dict)
    """Ids of issues by number."""
    pipelines: dict[int, Pipeline] = field(default_factory=dict)
    built: dict[str, Pipeline] = field(default_factory=dict)
    """The newest pipeline of each commit."""
    environments: dict[str, Environment] = field(default_factory=dict)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)
    tags: dict[str, tuple[str, int]] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)


@dataclass(slots=True)
class GitLabState:
    """The whole of the simulated GitLab at an instant.

    Attributes:
        at: The instant, in epoch seconds.
        deleted: Logins whose account is gone: what they did belongs to the ghost user.
        groups: The organisation and the teams, by slug.
    """

    company: Company
    at: int
    people: dict[str, Person] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    groups: dict[str, Group] = field(default_factory=dict)
    projects: dict[str, Project] = field(default_factory=dict)
    _serials: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def __post_init__(self) -> None:
        self.people = {person.login: person for person in (*self.company.people, *BOTS)}

    def serial(self) -> int:
        """The next of the numbers from which ids are made."""
        return next(self._serials)

    def full_path(self, group: Group) -> str:
        """The path of a group from the top."""
        above = self.groups.get(group.parent or "")
        return group.slug if above is None else f"{self.full_path(above)}/{group.slug}"
