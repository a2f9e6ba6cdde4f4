"""What the simulated Jira holds at an instant. All instants are epoch milliseconds, as Jira keeps them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.people import Person

TO_DO, IN_PROGRESS, IN_REVIEW, DONE = "10000", "3", "10001", "10002"
STATUSES: dict[str, tuple[str, str]] = {
    TO_DO: ("To Do", "new"),
    IN_PROGRESS: ("In Progress", "indeterminate"),
    IN_REVIEW: ("In Review", "indeterminate"),
    DONE: ("Done", "done"),
}
"""Name and category key of each status, by id."""

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Project:
    """A project: one repository's issues."""

    id: int
    key: str
    name: str
    lead: str
    repository: str


@dataclass(frozen=True, slots=True)
class Component:
    """A part of a project: one service."""

    id: int
    project: str
    name: str


@dataclass(frozen=True, slots=True)
class Board:
    """A team's board, or the one of the incidents, which has no sprints."""

    id: int
    name: str
    kind: str
    project: str


@dataclass(frozen=True, slots=True)
class Sprint:
    """Two weeks of a board."""

    id: int
    name: str
    board: int
    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class Version:
    """A released version of a project."""

    id: int
    project: str
    name: str
    released_at: int


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of a changelog: what somebody changed at once."""

    id: int
    at: int
    author: str
    items: tuple[Item, ...]


@dataclass(slots=True)
class Worklog:
    """Time that somebody logged."""

    id: int
    issue: int
    author: str
    created_at: int
    updated_at: int
    seconds: int


@dataclass(slots=True)
class Issue:
    """An issue, with everything that ever happened to it."""

    id: int
    key: str
    project: Project
    kind: str
    summary: str
    description: str
    reporter: str
    created_at: int
    updated_at: int
    labels: tuple[str, ...]
    priority: str
    components: tuple[str, ...] = ()
    status: str = TO_DO
    status_since: int = 0
    assignee: str | None = None
    resolution: str | None = None
    resolved_at: int | None = None
    points: float | None = None
    sprints: tuple[int, ...] = ()
    rank: int = 0
    changes: list[Change] = field(default_factory=list)
    worklogs: dict[int, Worklog] = field(default_factory=dict)
    updates: list[int] = field(default_factory=list)

    def indexed_at(self, at: int) -> int | None:
        """The last update that an index sees which is up to date until an instant; None before creation."""
        return next((update for update in reversed(self.updates) if update <= at), None)


@dataclass(slots=True)
class JiraState:
    """Everything, as it is now."""

    at: int
    projects: dict[str, Project]
    components: tuple[Component, ...]
    boards: tuple[Board, ...]
    planned_sprints: tuple[Sprint, ...]
    people: dict[str, Person]
    joined: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    erased: set[str] = field(default_factory=set)
    issues: dict[int, Issue] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)
    deleted_issues: dict[int, str] = field(default_factory=dict)
    deleted_worklogs: dict[int, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    next_id: int = 10_000
    next_change: int = 500_000
    next_worklog: int = 70_000

    def worklogs(self) -> list[Worklog]:
        """Every worklog that is there, in the order of their last update."""
        rows = [row for issue in self.issues.values() for row in issue.worklogs.values()]
        return sorted(rows, key=lambda row: (row.updated_at, row.id))

    def sprints(self, board: int) -> list[Sprint]:
        """The sprints of a board that are planned by now: one ahead."""
        length = 14 * 86_400_000
        return [
            row for row in self.planned_sprints if row.board == board and row.starts_at - length <= self.at
        ]

    def create(self, issue: Issue) -> None:
        """An issue is there from now on."""
        self.issues[issue.id] = issue
        issue.updates.append(issue.updated_at)

    def take_id(self) -> int:
        """The next issue's id."""
        self.next_id += 1
        return self.next_id

    def take_key(self, project: Project) -> str:
        """The next key of a project."""
        number = self.numbers.get(project.key, 0) + 1
        self.numbers[project.key] = number
        return f"{project.key}-{number}"

    def touch(self, issue: Issue, at: int) -> None:
        """The issue was updated."""
        issue.updated_at = at
        issue.updates.append(at)

    def change(self, issue: Issue, at: int, *, author: str, items: Sequence[Item]) -> None:
        """Somebody changed fields of an issue."""
        self.next_change += 1
        issue.changes.append(Change(self.next_change, at, author, tuple(items)))
        self.touch(issue, at)

    def delete(self, issue: Issue) -> None:
        """An issue is gone, with its worklogs, and nothing tells."""
        self.deleted_issues[issue.id] = issue.key
        del self.issues[issue.id]

    def log_work(self, issue: Issue, at: int, *, author: str, seconds: int) -> Worklog:
        """Somebody logs time."""
        self.next_worklog += 1
        row = Worklog(self.next_worklog, issue.id, author, at, at, seconds)
        issue.worklogs[row.id] = row
        self.touch(issue, at)
        return row

    def delete_worklog(self, issue: Issue, row: Worklog, at: int) -> None:
        """Somebody takes logged time back."""
        if issue.worklogs.pop(row.id, None) is not None:
            self.deleted_worklogs[row.id] = at
            self.touch(issue, at)
