"""The lists that a reading of the history would have got, page by page."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from benchmarks.long_history.github_bodies import GithubBodies
from benchmarks.long_history.gitlab_bodies import GitlabBodies
from benchmarks.long_history.jira_bodies import STATUSES, JiraBodies, status
from benchmarks.long_history.shape import BEGIN, HOUR_SECONDS, Shape

PAGE = 100
CHANGELOG_PAGE = 500
_LONGEST_LIFE_SECONDS = 100 * HOUR_SECONDS  # of pull requests, deployments and incidents
_LONGEST_WORK_SECONDS = 160 * HOUR_SECONDS  # of issues

Pages = Iterable[tuple[bytes, int]]


STREAMS = {
    "github": ("pull_requests", "commits", "deployments", "deployment_statuses", "issues"),
    "gitlab": ("pipelines", "jobs"),
    "jira": ("statuses", "status_categories", "issues", "changelogs"),
}
"""What the history has of each source; its settings ask for no more."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One list: whose it is, and its pages with the number of records of each."""

    scope: str
    pages: Pages
    parent_key: str | None = None


def streams(shape: Shape, *, since: int, as_of: int) -> Iterator[tuple[str, str, Iterable[Answered]]]:
    """Give the lists of each source and stream: what is new or has changed between two instants.

    Args:
        shape: The size of the history.
        since: Epoch seconds; 0 for a first reading.
        as_of: Epoch seconds.
    """
    told = _Told(shape, since, as_of)
    github, gitlab, jira = GithubBodies(shape), GitlabBodies(shape), JiraBodies(shape)
    per = told.per_repository
    yield "github", "pull_requests", per(told.touched, lambda n: github.pull_request(n, as_of=as_of))
    yield "github", "commits", per(told.merged, github.commit)
    yield "github", "deployments", per(told.deployed, github.deployment)
    yield "github", "deployment_statuses", told.per_deployment(github.deployment_statuses)
    yield "github", "issues", per(told.hurt, lambda n: github.incident(n, as_of=as_of))
    yield "gitlab", "pipelines", per(told.opened, lambda n: gitlab.pipeline(n, as_of=as_of))
    yield "gitlab", "jobs", per(told.opened, gitlab.jobs)
    if not since:
        yield "jira", "statuses", [Answered("site", [_page([status(each) for each in range(len(STATUSES))])])]
        yield "jira", "status_categories", [Answered("site", [_page(_categories())])]
    yield "jira", "issues", [Answered("site", told.issues(lambda n: jira.issue(n, as_of=as_of)))]
    yield "jira", "changelogs", [Answered("site", told.changelogs(jira))]


def _categories() -> list[str]:
    keys = sorted({category for _, _, category in STATUSES})
    return [json.dumps({"id": place + 2, "key": key, "name": key}) for place, key in enumerate(keys)]


@dataclass(frozen=True, slots=True)
class _Told:
    """What there is to tell between two instants; pull requests and issues are their numbers."""

    shape: Shape
    since: int
    as_of: int

    def opened(self, repository: int) -> Iterator[int]:
        return (n for n in self._recent(repository) if self._is_news(self.shape.opened_at(n)))

    def merged(self, repository: int) -> Iterator[int]:
        return (n for n in self._recent(repository) if self._is_news(self.shape.merged_at(n)))

    def touched(self, repository: int) -> Iterator[int]:
        shape = self.shape
        return (
            n
            for n in self._recent(repository)
            if self._is_news(shape.opened_at(n)) or self._is_news(shape.merged_at(n))
        )

    def deployed(self, repository: int) -> Iterator[int]:
        shape = self.shape
        return (
            n
            for n in self._recent(repository)
            if shape.deploys(n) and self._is_news(shape.merged_at(n) + HOUR_SECONDS)
        )

    def hurt(self, repository: int) -> Iterator[int]:
        shape = self.shape
        return (
            n
            for n in self._recent(repository)
            if shape.fails(n)
            and shape.merged_at(n) + 2 * HOUR_SECONDS <= self.as_of
            and shape.merged_at(n) + 4 * HOUR_SECONDS > self.since
        )

    def per_repository(
        self, numbers: Callable[[int], Iterable[int]], body: Callable[[int], str | list[str]]
    ) -> Iterator[Answered]:
        """One list for each repository."""
        for repository in range(self.shape.repositories):
            found = (body(n) for n in numbers(repository))
            records = (each for one in found for each in ([one] if isinstance(one, str) else one))
            yield Answered(self.shape.repository(repository), _pages(records, PAGE))

    def per_deployment(self, body: Callable[[int], str]) -> Iterator[Answered]:
        """One list for each deployment."""
        for repository in range(self.shape.repositories):
            for n in self.deployed(repository):
                page = (f"[{body(n)}]".encode(), 2)
                yield Answered(self.shape.repository(repository), [page], parent_key=str(n + 1))

    def issues(self, body: Callable[[int], str]) -> Pages:
        """The issues that were created or have changed."""
        shape = self.shape
        changes = JiraBodies(shape).changes
        found = (
            n
            for n in self._recent_issues()
            if self._is_news(shape.issue_opened_at(n)) or any(self._is_news(at) for at, _, _ in changes(n))
        )
        return ((b'{"issues":' + text + b"}", count) for text, count in _pages(map(body, found), PAGE))

    def changelogs(self, jira: JiraBodies) -> Pages:
        """What changed of them."""
        found = (jira.changelog(n, since=self.since, as_of=self.as_of) for n in self._recent_issues())
        pages = _pages((each for each in found if each is not None), CHANGELOG_PAGE)
        return ((b'{"issueChangeLogs":' + text + b"}", count) for text, count in pages)

    def _is_news(self, at: int) -> bool:
        return self.since < at <= self.as_of

    def _recent(self, repository: int) -> range:
        numbers = self.shape.pull_requests
        first = self._first(numbers, _LONGEST_LIFE_SECONDS)
        step = self.shape.repositories
        return range(repository + (max(first - repository, 0) + step - 1) // step * step, numbers, step)

    def _recent_issues(self) -> range:
        return range(self._first(self.shape.issues, _LONGEST_WORK_SECONDS), self.shape.issues)

    def _first(self, count: int, life_seconds: int) -> int:
        """The first number that may still have news."""
        return max(0, (self.since - life_seconds - BEGIN) * count // (365 * 24 * HOUR_SECONDS))


def _pages(records: Iterable[str], size: int) -> Pages:
    found = iter(records)
    while page := list(islice(found, size)):
        yield _page(page)


def _page(records: list[str]) -> tuple[bytes, int]:
    return f"[{','.join(records)}]".encode(), len(records)
