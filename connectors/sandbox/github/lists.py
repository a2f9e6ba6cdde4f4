"""Lists of a repository: filtered, sorted, and ready to be cut into pages."""

import heapq
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.sandbox.commits import Commit
from connectors.sandbox.github import commit_documents as commits
from connectors.sandbox.github import delivery_documents as delivery
from connectors.sandbox.github import pull_documents as pulls
from connectors.sandbox.github.accounts import API, Document
from connectors.sandbox.github.paging import Listing, Query, RefusedError
from connectors.sandbox.github.repository_documents import workflow_number
from connectors.sandbox.github.state import Item, RepositoryState, Run
from connectors.sandbox.github.view import Answer, GitHubView

SEARCH_REACHES = 1000
FOR_EVER = 1 << 62


def instant_of(text: str) -> int:
    """Read a time of a parameter."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RefusedError(f"{text!r} is not a time.") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def list_pulls(view: GitHubView, repository: RepositoryState, query: Query, _: list[str]) -> Answer:
    """Pull requests; open ones unless asked otherwise."""
    sort, wanted = query.get("sort", "created"), query.get("state", "open")
    is_falling = query.get("direction", "desc" if sort == "created" else "asc") == "desc"

    def make() -> list[Item]:
        rows = [
            row for row in repository.items.values() if row.pull and wanted in ("all", pulls.issue_state(row))
        ]
        return sorted(rows, key=updated if sort == "updated" else created, reverse=is_falling)

    key = ("pulls", repository.name, sort, wanted, str(is_falling))
    return Listing(view.kept(key, make), lambda item: pulls.pull_request(view.render, item))


def list_issues(view: GitHubView, repository: RepositoryState, query: Query, _: list[str]) -> Answer:
    """Issues and pull requests, linked by cursor; open ones unless asked otherwise."""
    sort, wanted = query.get("sort", "created"), query.get("state", "open")
    is_falling = query.get("direction", "desc") == "desc"
    order = updated if sort == "updated" else created
    labels = set(filter(None, query.get("labels").split(",")))
    since = query.get("since")

    def make() -> list[Item]:
        earliest = instant_of(since) if since else 0
        rows = [
            row
            for row in repository.items.values()
            if wanted in ("all", pulls.issue_state(row))
            and row.updated_at >= earliest
            and labels <= set(row.labels)
        ]
        return sorted(rows, key=order, reverse=is_falling)

    key = ("issues", repository.name, sort, wanted, str(is_falling), since, query.get("labels"))
    return Listing(view.kept(key, make), lambda item: pulls.issue(view.render, item), cursor_of=order)


def updated(item: Item) -> tuple[int, int]:
    """Order by the last update."""
    return item.updated_at, item.number


def created(item: Item) -> tuple[int, int]:
    """Order by creation."""
    return item.created_at, item.number


def list_line_comments(view: GitHubView, repository: RepositoryState, query: Query, _: list[str]) -> Answer:
    """Comments on lines of all pull requests, since an instant."""
    since = query.get("since")
    earliest = instant_of(since) if since else 0
    is_falling = query.get("direction", "asc") == "desc"
    rows = [row for row in repository.line_comments if row.at >= earliest]
    return Listing(rows[::-1] if is_falling else rows, lambda row: pulls.line_comment(view.render, row))


def list_commits(view: GitHubView, repository: RepositoryState, query: Query, _: list[str]) -> Answer:
    """Commits reachable from a commit, a branch or a tag, newest first."""
    start = commit_of(repository, query.get("sha", "main"))
    if start is None:
        return None
    rows = view.kept(("commits", repository.name, start.sha), lambda: history(repository, start))
    if query.get("since"):
        rows = [row for row in rows if row.committer.at >= instant_of(query.get("since"))]
    if query.get("until"):
        rows = [row for row in rows if row.committer.at <= instant_of(query.get("until"))]
    return Listing(rows, lambda commit: commits.commit(view.render, repository, commit))


def commit_of(repository: RepositoryState, name: str) -> Commit | None:
    """A commit by branch, tag or id."""
    if name == "main":
        name = repository.head_sha
    elif name in repository.branches:
        return repository.branches[name][-1]
    return repository.commits.get(repository.tags.get(name, name))


def history(repository: RepositoryState, start: Commit) -> list[Commit]:
    """Everything reachable, by committer's date, a commit never before what was made on top of it."""
    seen, rows = {start.sha}, []
    queue = [(-start.committer.at, 0, start)]
    count = 1
    while queue:
        _, _, commit = heapq.heappop(queue)
        rows.append(commit)
        for sha in commit.parents:
            if sha not in seen:
                seen.add(sha)
                parent = repository.commits[sha]
                heapq.heappush(queue, (-parent.committer.at, count, parent))
                count += 1
    return rows


def list_branches(_: GitHubView, repository: RepositoryState, query: Query, __: list[str]) -> Answer:
    """The main branch and those of open pull requests."""
    del query
    heads = {"main": repository.head_sha} | {name: rows[-1].sha for name, rows in repository.branches.items()}
    return Listing(sorted(heads.items()), lambda row: branch(repository, *row))


def branch(repository: RepositoryState, name: str, sha: str) -> Document:
    """A branch as in lists."""
    url = f"{API}/repos/{repository.name}/commits/{sha}"
    return {"name": name, "commit": {"sha": sha, "url": url}, "protected": name == "main"}


def list_deployments(view: GitHubView, repository: RepositoryState, query: Query, _: list[str]) -> Answer:
    """Deployments, newest first, perhaps of one environment, commit or task."""
    rows: Sequence[Any] = list(reversed(repository.deployments.values()))
    for name, attribute in (("environment", "environment"), ("sha", "commit_sha"), ("task", "task")):
        if query.get(name):
            rows = [row for row in rows if getattr(row, attribute) == query.get(name)]
    return Listing(rows, lambda row: delivery.deployment(view.render, repository, row))


def list_runs(view: GitHubView, repository: RepositoryState, query: Query, _: list[str]) -> Answer:
    """Workflow runs, newest first; a search by time or branch reaches 1,000 of them."""
    rows = view.kept(("runs", repository.name), lambda: list(reversed(repository.runs.values())))
    is_search = False
    for name, matches in RUN_FILTERS.items():
        wanted = query.get(name)
        if wanted:
            is_search = True
            rows = [row for row in rows if matches(row, wanted)]
    return Listing(
        rows,
        lambda row: delivery.run(view.render, repository, row),
        wrap=lambda documents, count: {"total_count": count, "workflow_runs": documents},
        reachable=SEARCH_REACHES if is_search else None,
    )


def was_created(made: Run, wanted: str) -> bool:
    """Whether a run was created in a range such as `2026-01-01..2026-01-31`, `>=2026-01-01` or on a day."""
    first, last = bounds_of(wanted)
    return first <= made.created_at <= last


def bounds_of(wanted: str) -> tuple[int, int]:
    """First and last second of a range, both included."""
    first, dots, last = wanted.partition("..")
    if dots:
        return 0 if first == "*" else instant_of(first), FOR_EVER if last == "*" else end_of(last)
    if wanted.startswith(">="):
        return instant_of(wanted[2:]), FOR_EVER
    if wanted.startswith("<="):
        return 0, end_of(wanted[2:])
    if wanted.startswith(">"):
        return end_of(wanted[1:]) + 1, FOR_EVER
    if wanted.startswith("<"):
        return 0, instant_of(wanted[1:]) - 1
    return instant_of(wanted), end_of(wanted)


def end_of(text: str) -> int:
    """The last second that a day or an instant in a range includes."""
    return instant_of(text) + (86399 if "T" not in text else 0)


RUN_FILTERS: dict[str, Callable[[Run, str], bool]] = {
    "created": was_created,
    "branch": lambda run, wanted: run.branch == wanted,
    "event": lambda run, wanted: run.event == wanted,
    "head_sha": lambda run, wanted: run.commit_sha == wanted,
    "status": lambda run, wanted: (
        wanted in (run.conclusion, "completed" if run.conclusion else "in_progress")
    ),
}


def list_workflows(_: GitHubView, repository: RepositoryState, query: Query, __: list[str]) -> Answer:
    """The workflows that ever ran."""
    del query
    return Listing(
        sorted(repository.run_numbers),
        lambda name: {
            "id": workflow_number(repository, name),
            "node_id": f"W_{workflow_number(repository, name)}",
            "name": name,
            "path": f".github/workflows/{name.lower().replace(' ', '-')}.yml",
            "state": "active",
        },
        wrap=lambda documents, count: {"total_count": count, "workflows": documents},
    )


def list_tags(_: GitHubView, repository: RepositoryState, query: Query, __: list[str]) -> Answer:
    """Tags, newest first."""
    del query
    return Listing(list(reversed(repository.tags.items())), lambda row: delivery.tag(repository, *row))


def list_releases(view: GitHubView, repository: RepositoryState, query: Query, _: list[str]) -> Answer:
    """Releases, newest first."""
    del query
    return Listing(repository.releases[::-1], lambda row: delivery.release(view.render, repository, row))
