"""Turns the story into what happens in Jira: facts of the timeline, and what the site adds by itself.

The timeline knows nothing of points, sprints, worklogs, moves and deletions; they are drawn from the issues'
own numbers, so that the same story always gives the same site.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

from connectors.sandbox import events as told
from connectors.sandbox.company import INCIDENT_REPOSITORY, Company
from connectors.sandbox.jira import edits, inventions
from connectors.sandbox.jira.state import DONE, IN_PROGRESS, IN_REVIEW, TO_DO, Issue, JiraState, Version

PRIORITIES = {1: "Highest", 2: "High", 3: "Medium", 4: "Low"}
KINDS = {"bug": "Bug", "production-defect": "Bug", "enhancement": "Story"}
RESPONSE = 300
"""Seconds until somebody looks into an incident."""

_MENTION = re.compile(r"(?:Fixes|Closes|Resolves) (?:([\w.-]+/[\w.-]+))?#(\d+)")

Apply = Callable[[JiraState], None]


@dataclass(frozen=True, slots=True, order=True)
class Happening:
    """Something that happens at an instant in epoch milliseconds; of equal ones the story keeps the order."""

    at: int
    order: int
    apply: Apply = field(compare=False)


@dataclass(slots=True)
class Telling:
    """What is known while the timeline is retold.

    Attributes:
        issues: The issues by repository and number, as they are created.
        mentions: The issue that a pull request says it fixes, by the pull request.
    """

    company: Company
    happenings: list[Happening] = field(default_factory=list)
    issues: dict[tuple[str, int], Issue] = field(default_factory=dict)
    mentions: dict[tuple[str, int], tuple[str, int]] = field(default_factory=dict)
    opened: int = 0

    def tell(self, at: int, apply: Apply) -> None:
        """Note a happening; its milliseconds are drawn from its place."""
        order = len(self.happenings)
        digest = hashlib.blake2b(f"{at}/{order}".encode(), digest_size=2).digest()
        self.happenings.append(Happening(at * 1000 + int.from_bytes(digest) % 1000, order, apply))

    def tell_of(self, at: int, name: tuple[str, int], edit: Callable[[JiraState, Issue, int], None]) -> None:
        """Note an edit of an issue; it is left out if the issue is gone by then."""
        order = len(self.happenings)
        digest = hashlib.blake2b(f"{name}/{at}/{order}".encode(), digest_size=2).digest()
        instant = at * 1000 + int.from_bytes(digest) % 1000

        def apply(state: JiraState) -> None:
            issue = self.issues.get(name)
            if issue is not None and issue.id in state.issues:
                edit(state, issue, max(instant, issue.updated_at + 1))

        self.happenings.append(Happening(instant, order, apply))


def happenings(company: Company, timeline: Sequence[told.Event]) -> list[Happening]:
    """Everything that happens in Jira, in order."""
    telling = Telling(company)
    for event in timeline:
        handler = _HANDLERS.get(type(event))
        if handler is not None:
            handler(telling, event)
    return sorted(telling.happenings)


def _joined(telling: Telling, event: told.PersonJoined) -> None:
    telling.tell(event.at, lambda state: state.joined.add(event.login))


def _left(telling: Telling, event: told.PersonLeft) -> None:
    def apply(state: JiraState) -> None:
        state.left.add(event.login)
        if event.is_account_deleted:
            state.erased.add(event.login)

    telling.tell(event.at, apply)


def _issue_opened(telling: Telling, event: told.IssueOpened) -> None:
    name = (event.repository, event.number)
    kind = next((KINDS[label] for label in event.labels if label in KINDS), "Task")
    create = partial(
        _create, telling, name, kind=kind, title=event.title, body=event.body, reporter=event.author,
        labels=event.labels, priority="Medium",
    )  # fmt: skip
    telling.tell(event.at, partial(create, event.at))
    _invent(telling, name, at=event.at, author=event.author, is_planned=True)


def _incident_opened(telling: Telling, event: told.IncidentOpened) -> None:
    name = (INCIDENT_REPOSITORY, event.number)
    labels = ("incident", f"sev{event.severity}", *(f"service:{service}" for service in event.services))
    create = partial(
        _create, telling, name, kind="Incident", title=event.title, body=event.body, reporter=event.reporter,
        labels=labels, priority=PRIORITIES[event.severity],
    )  # fmt: skip
    telling.tell(event.at, partial(create, event.at))
    telling.tell_of(event.at + RESPONSE, name, partial(_respond, actor=event.reporter))
    _invent(telling, name, at=event.at, author=event.reporter, is_planned=False)


def _respond(state: JiraState, issue: Issue, at: int, *, actor: str) -> None:
    """Who reported an incident looks into it first, unless somebody mends it already."""
    if issue.status == TO_DO:
        edits.assign(state, issue, at, to=actor)
        edits.transition(state, issue, at + 1, to=IN_PROGRESS, author=actor)


def _create(
    telling: Telling,
    name: tuple[str, int],
    at: int,
    state: JiraState,
    *,
    kind: str,
    title: str,
    body: str,
    reporter: str,
    labels: tuple[str, ...],
    priority: str,
) -> None:
    project = state.projects[name[0]]
    parts = [row.name for row in state.components if row.project == project.key]
    issue = Issue(
        id=state.take_id(),
        key=state.take_key(project),
        project=project,
        kind=kind,
        summary=title,
        description=body,
        reporter=reporter,
        created_at=at * 1000,
        updated_at=at * 1000,
        status_since=at * 1000,
        labels=labels,
        priority=priority,
        components=(parts[name[1] % len(parts)],) if parts else (),
    )
    telling.issues[name] = issue
    state.create(issue)


def _pull_opened(telling: Telling, event: told.PullRequestOpened) -> None:
    found = _MENTION.search(event.body)
    if found is None:
        return
    name = (found[1] or event.repository, int(found[2]))
    telling.mentions[(event.repository, event.number)] = name

    def start(state: JiraState, issue: Issue, at: int) -> None:
        edits.assign(state, issue, at, to=event.author)
        edits.transition(state, issue, at + 1, to=IN_PROGRESS, author=event.author)

    telling.tell_of(event.at, name, start)


def _reviewed(telling: Telling, event: told.ReviewRequested | told.ReviewSubmitted) -> None:
    name = telling.mentions.get((event.repository, event.number))
    if name is None:
        return

    def review(state: JiraState, issue: Issue, at: int) -> None:
        if issue.status == IN_PROGRESS:
            edits.transition(state, issue, at, to=IN_REVIEW, author=event.reviewer)

    telling.tell_of(event.at, name, review)


def _pull_closed(telling: Telling, event: told.PullRequestClosed) -> None:
    name = telling.mentions.get((event.repository, event.number))
    if name is not None:
        telling.tell_of(event.at, name, partial(_to, status=TO_DO, actor=event.actor))


def _issue_closed(telling: Telling, event: told.IssueClosed) -> None:
    done = partial(_to, status=DONE, actor=event.actor, reason=event.reason)
    telling.tell_of(event.at, (event.repository, event.number), done)


def _issue_reopened(telling: Telling, event: told.IssueReopened) -> None:
    telling.tell_of(event.at, (event.repository, event.number), partial(_to, status=TO_DO, actor=event.actor))


def _incident_resolved(telling: Telling, event: told.IncidentResolved) -> None:
    name = (INCIDENT_REPOSITORY, event.number)
    telling.tell_of(event.at, name, partial(_to, status=DONE, actor=event.actor))


def _to(
    state: JiraState, issue: Issue, at: int, *, status: str, actor: str, reason: str = "completed"
) -> None:
    edits.transition(state, issue, at, to=status, author=actor, reason=reason)


def _released(telling: Telling, event: told.ReleasePublished) -> None:
    def apply(state: JiraState) -> None:
        project = state.projects[event.repository]
        state.versions.append(Version(60_000 + len(state.versions), project.key, event.tag, event.at * 1000))

    telling.tell(event.at, apply)


def _invent(telling: Telling, name: tuple[str, int], *, at: int, author: str, is_planned: bool) -> None:
    number, telling.opened = telling.opened, telling.opened + 1
    made: Iterator[tuple[int, inventions.Edit]] = inventions.of_issue(
        number=number, name=name, at=at, author=author, is_planned=is_planned
    )
    for instant, edit in made:
        telling.tell_of(instant, name, edit)


_HANDLERS: dict[type[told.Event], Callable[..., None]] = {
    told.PersonJoined: _joined,
    told.PersonLeft: _left,
    told.IssueOpened: _issue_opened,
    told.IssueClosed: _issue_closed,
    told.IssueReopened: _issue_reopened,
    told.IncidentOpened: _incident_opened,
    told.IncidentResolved: _incident_resolved,
    told.PullRequestOpened: _pull_opened,
    told.PullRequestClosed: _pull_closed,
    told.ReviewRequested: _reviewed,
    told.ReviewSubmitted: _reviewed,
    told.ReleasePublished: _released,
}
