"""What the simulated GitHub knows at an instant: the objects that the fold keeps up to date."""

import itertools
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.commits import Commit
from connectors.sandbox.company import Company
from connectors.sandbox.events import Job
from connectors.sandbox.people import BOTS, Person


@dataclass(slots=True)
class Entry:
    """One entry of an item's timeline; `fields` are what its kind adds."""

    kind: str
    at: int
    actor: str | None
    number: int | None
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Review:
    """A submitted review."""

    number: int
    reviewer: str
    state: str
    body: str
    at: int
    commit_sha: str


@dataclass(slots=True)
class LineComment:
    """A comment of a review on a line."""

    number: int
    review: int
    item: "Item"
    author: str
    path: str
    body: str
    at: int
    commit_sha: str


@dataclass(slots=True)
class Pull:
    """What a pull request has beyond an issue."""

    number: int
    branch: str
    base_sha: str
    is_draft: bool
    commits: list[Commit]
    recorded_sha: str | None = None
    merged_at: int | None = None
    merged_by: str | None = None
    requested: list[str] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    line_comments: int = 0


@dataclass(slots=True)
class Item:
    """An issue, or a pull request, which is an issue too."""

    repository: "RepositoryState"
    number: int
    identifier: int
    author: str
    title: str
    body: str
    labels: tuple[str, ...]
    created_at: int
    updated_at: int
    pull: Pull | None = None
    closed_at: int | None = None
    closed_by: str | None = None
    reason: str | None = None
    comments: int = 0
    timeline: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class Status:
    """One status of a deployment."""

    number: int
    state: str
    at: int
    note: str


@dataclass(slots=True)
class Deployment:
    """A deployment object."""

    number: int
    environment: str
    is_production: bool
    commit_sha: str
    task: str
    part: str | None
    creator: str
    created_at: int
    updated_at: int
    statuses: list[Status] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """A workflow run with the jobs of every attempt."""

    number: int
    run_number: int
    workflow: str
    commit_sha: str
    branch: str
    title: str
    actor: str
    event: str
    created_at: int
    started_at: int
    updated_at: int
    attempt: int = 1
    conclusion: str | None = None
    jobs: list[tuple[int, int, Job]] = field(default_factory=list)
    """Attempt, number and outcome of each job."""


@dataclass(slots=True)
class Release:
    """A release on a tag."""

    number: int
    tag: str
    commit_sha: str
    author: str
    notes: str
    is_prerelease: bool
    published_at: int


@dataclass(slots=True)
class TeamState:
    """A team with its members now."""

    number: int
    slug: str
    parent: str | None
    members: list[str] = field(default_factory=list)


@dataclass(slots=True)
class RepositoryState:
    """A repository with everything in it."""

    name: str
    number: int
    created_at: int
    pushed_at: int
    updated_at: int
    head_sha: str
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, list[Commit]] = field(default_factory=dict)
    items: dict[int, Item] = field(default_factory=dict)
    open_pulls: dict[str, Item] = field(default_factory=dict)
    """Open pull requests by branch."""
    line_comments: list[LineComment] = field(default_factory=list)
    deployments: dict[int, Deployment] = field(default_factory=dict)
    active: dict[str, list[Deployment]] = field(default_factory=lambda: defaultdict(list))
    """Deployments in state success by environment; the next success makes them inactive."""
    runs: dict[int, Run] = field(default_factory=dict)
    run_numbers: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    tags: dict[str, str] = field(default_factory=dict)
    releases: list[Release] = field(default_factory=list)


@dataclass(slots=True)
class GitHubState:
    """The whole of the simulated GitHub at an instant.

    Attributes:
        at: The instant, in epoch seconds.
        people: Everybody who ever had an account, by login.
        deleted: Logins whose account is gone: what they did stays, without a name.
        members: Logins of the organisation's members.
    """

    company: Company
    at: int
    people: dict[str, Person] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    members: list[str] = field(default_factory=list)
    teams: dict[str, TeamState] = field(default_factory=dict)
    repositories: dict[str, RepositoryState] = field(default_factory=dict)
    """By the name that the story uses; a repository that was renamed is called otherwise."""
    former_names: dict[str, RepositoryState] = field(default_factory=dict)
    emails: dict[str, str] = field(default_factory=dict)
    """Addresses that are known to belong to an account, to its login."""

    _serials: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def serial(self) -> int:
        """The next of the numbers from which ids are made."""
        return next(self._serials)

    def repository_called(self, name: str) -> RepositoryState | None:
        """The repository of this name now."""
        known = self.repositories.get(name)
        if known is not None and known.name == name:
            return known
        return next((row for row in self.repositories.values() if row.name == name), None)

    def rename(self, name: str, new_name: str) -> None:
        """Call a repository otherwise; what it was called leads to it until another one is called so.

        Raises:
            ValueError: There is no such repository, or the new name is taken.
        """
        repository = self.repository_called(name)
        if repository is None or self.repository_called(new_name) is not None:
            raise ValueError(f"{name} cannot become {new_name}: one is missing, or the other is taken.")
        repository.name = new_name
        self.former_names[name] = repository
        self.former_names.pop(new_name, None)

    def __post_init__(self) -> None:
        self.people = {person.login: person for person in (*self.company.people, *BOTS)}
        self.emails = {
            person.email: person.login for person in self.people.values() if person.has_linked_email
        }
