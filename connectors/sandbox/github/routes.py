"""Which path answers what: every list and object of the simulated GitHub."""

import heapq
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from connectors.sandbox.commits import Commit
from connectors.sandbox.github import delivery_documents as delivery
from connectors.sandbox.github import pull_documents as pulls
from connectors.sandbox.github.documents import API, Document, Renderer, user, workflow_number
from connectors.sandbox.github.paging import Listing, Query, RefusedError
from connectors.sandbox.github.state import GitHubState, Item, RepositoryState, Run
from connectors.sandbox.parameters import ORGANISATION
from connectors.sandbox.people import RELEASE_BOT

SEARCH_REACHES = 1000
Answer = Listing | Document | None
Handler = Callable[["GitHubView", RepositoryState, Query, list[str]], Answer]
T = TypeVar("T")


class GitHubView:
    """One state seen through the API; sorted lists are kept until the state moves."""

    def __init__(self, state: GitHubState) -> None:
        self.state = state
        self.render = Renderer(state)
        self._sorted: dict[tuple[str, ...], list[Any]] = {}

    def forget(self) -> None:
        """Drop everything that was derived from the state."""
        self.render.forget()
        self._sorted.clear()

    def kept(self, key: tuple[str, ...], make: Callable[[], list[T]]) -> list[T]:
        """A list that is made once for this state."""
        known = self._sorted.get(key)
        if known is None:
            known = self._sorted[key] = make()
        return known

    def answer(self, path: str, query: Query) -> Answer:
        """What a GET of this path gives; None if there is nothing there.

        Raises:
            RefusedError: A parameter makes no sense.
        """
        steps = path.strip("/").split("/")
        if steps[0] == "repositories" and len(steps) > 1:
            found = next(
                (row for row in self.state.repositories.values() if str(row.number) == steps[1]), None
            )
            rest = steps[2:]
        elif steps[0] == "repos" and len(steps) > 2:  # noqa: PLR2004
            found, rest = self.state.repositories.get(f"{steps[1]}/{steps[2]}"), steps[3:]
        else:
            return self.elsewhere(steps, query)
        if found is None:
            return None
        shape, arguments = shape_of(rest)
        handler = IN_REPOSITORY.get(shape)
        return handler(self, found, query, arguments) if handler else None

    def elsewhere(self, steps: list[str], query: Query) -> Answer:
        """Paths outside a repository."""
        del query
        match steps:
            case ["user"]:
                return user(RELEASE_BOT) | {"name": RELEASE_BOT.name}
            case ["users", login] if login in self.state.people and login not in self.state.deleted:
                return user(self.state.people[login]) | {"name": self.state.people[login].name}
            case ["orgs", organisation, *rest] if organisation == ORGANISATION:
                return self.in_organisation(rest)
        return None

    def in_organisation(self, steps: list[str]) -> Answer:
        """Lists of the organisation."""
        state, render = self.state, self.render
        match steps:
            case []:
                return render.organisation()
            case ["repos"]:
                return Listing(list(state.repositories.values()), render.full_repository)
            case ["members"]:
                return Listing(state.members, render.user)
            case ["teams"]:
                return Listing(list(state.teams.values()), render.team)
            case ["teams", slug] if slug in state.teams:
                return render.team(state.teams[slug])
            case ["teams", slug, "members"] if slug in state.teams:
                return Listing(members_below(state, slug), render.user)
        return None


def members_below(state: GitHubState, slug: str) -> list[str]:
    """Members of a team and of the teams below it, as GitHub lists them."""
    below = [team.slug for team in state.teams.values() if team.parent == slug]
    return [*state.teams[slug].members, *(login for child in below for login in members_below(state, child))]


def shape_of(steps: list[str]) -> tuple[tuple[str, ...], list[str]]:
    """The pattern of a path inside a repository, and what stands in its places."""
    shape, arguments = [], []
    for index, step in enumerate(steps):
        is_number = step.isascii() and step.isdigit()
        is_name = index > 0 and (steps[0], index) in NAMED_PLACES and step not in FIXED_STEPS
        if is_number or is_name:
            shape.append("#")
            arguments.append(step)
        else:
            shape.append(step)
    return tuple(shape), arguments


NAMED_PLACES = {("commits", 1), ("branches", 1), ("releases", 2)}
FIXED_STEPS = {"latest", "comments"}


def item_of(repository: RepositoryState, text: str, *, is_pull: bool) -> Item | None:
    """An issue or a pull request by its number."""
    item = repository.items.get(int(text))
    return None if item is None or (is_pull and item.pull is None) else item


def instant_of(text: str) -> int:
    """Read a time of a parameter."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RefusedError(f"{text!r} is not a time.") from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


# lists of a repository


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
    return Listing(rows, lambda commit: view.render.commit(repository, commit))


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
    first, dots, last = wanted.partition("..")
    if dots:
        return (first == "*" or made.created_at >= instant_of(first)) and (
            last == "*" or made.created_at <= end_of(last)
        )
    for sign, holds in (
        (">=", lambda text: made.created_at >= instant_of(text)),
        ("<=", lambda text: made.created_at <= end_of(text)),
        (">", lambda text: made.created_at > end_of(text)),
        ("<", lambda text: made.created_at < instant_of(text)),
    ):
        if wanted.startswith(sign):
            return holds(wanted[len(sign) :])
    return instant_of(wanted) <= made.created_at <= end_of(wanted)


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


# one object, or what hangs on it


def one_run(view: GitHubView, repository: RepositoryState, query: Query, arguments: list[str]) -> Answer:
    """A workflow run."""
    del query
    made = repository.runs.get(int(arguments[0]))
    return delivery.run(view.render, repository, made) if made else None


def list_jobs(_: GitHubView, repository: RepositoryState, query: Query, arguments: list[str]) -> Answer:
    """Jobs of a run: of its newest attempt, or of all."""
    made = repository.runs.get(int(arguments[0]))
    if made is None:
        return None
    rows = [row for row in made.jobs if query.get("filter") == "all" or row[0] == made.attempt]
    return Listing(
        rows,
        lambda row: delivery.job(repository, made, row),
        wrap=lambda documents, count: {"total_count": count, "jobs": documents},
    )


def one_deployment(
    view: GitHubView, repository: RepositoryState, query: Query, arguments: list[str]
) -> Answer:
    """A deployment."""
    del query
    made = repository.deployments.get(int(arguments[0]))
    return delivery.deployment(view.render, repository, made) if made else None


def list_statuses(
    view: GitHubView, repository: RepositoryState, query: Query, arguments: list[str]
) -> Answer:
    """Statuses of a deployment, newest first."""
    del query
    made = repository.deployments.get(int(arguments[0]))
    if made is None:
        return None
    return Listing(made.statuses[::-1], lambda row: delivery.status(view.render, repository, made, row))


def one_commit(view: GitHubView, repository: RepositoryState, query: Query, arguments: list[str]) -> Answer:
    """A commit with its files."""
    del query
    commit = commit_of(repository, arguments[0])
    return view.render.commit_in_detail(repository, commit) if commit else None


def one_branch(_: GitHubView, repository: RepositoryState, query: Query, arguments: list[str]) -> Answer:
    """A branch."""
    del query
    commit = commit_of(repository, arguments[0])
    return branch(repository, arguments[0], commit.sha) if commit else None


def one_release(view: GitHubView, repository: RepositoryState, query: Query, arguments: list[str]) -> Answer:
    """A release by the name of its tag or by its number."""
    del query
    made = next((row for row in repository.releases if arguments[0] in (row.tag, str(row.number))), None)
    return delivery.release(view.render, repository, made) if made else None


def of_pull(render: Callable[[GitHubView, Item], Answer]) -> Handler:
    """An answer that hangs on a pull request."""

    def handler(view: GitHubView, repository: RepositoryState, query: Query, arguments: list[str]) -> Answer:
        del query
        item = item_of(repository, arguments[0], is_pull=True)
        return render(view, item) if item else None

    return handler


def of_item(render: Callable[[GitHubView, Item], Answer]) -> Handler:
    """An answer that hangs on an issue or a pull request."""

    def handler(view: GitHubView, repository: RepositoryState, query: Query, arguments: list[str]) -> Answer:
        del query
        item = item_of(repository, arguments[0], is_pull=False)
        return render(view, item) if item else None

    return handler


def comments_of(view: GitHubView, item: Item) -> Answer:
    """The comments among the entries of an item's timeline."""
    rows = [row for row in item.timeline if row.kind == "commented"]
    return Listing(rows, lambda row: pulls.entry_document(view.render, item, row))


IN_REPOSITORY: dict[tuple[str, ...], Handler] = {
    (): lambda view, repository, _, __: view.render.full_repository(repository) | {"organization": None},
    ("pulls",): list_pulls,
    ("pulls", "comments"): list_line_comments,
    ("pulls", "#"): of_pull(lambda view, item: pulls.pull_request_in_detail(view.render, item)),
    ("pulls", "#", "reviews"): of_pull(
        lambda view, item: Listing(
            pulls.pull_of(item).reviews, lambda row: pulls.review(view.render, item, row)
        )
    ),
    ("pulls", "#", "commits"): of_pull(
        lambda view, item: Listing(
            pulls.pull_of(item).commits, lambda row: view.render.commit(item.repository, row), reachable=250
        )
    ),
    ("pulls", "#", "comments"): of_pull(
        lambda view, item: Listing(
            [row for row in item.repository.line_comments if row.item is item],
            lambda row: pulls.line_comment(view.render, row),
        )
    ),
    ("issues",): list_issues,
    ("issues", "#"): of_item(lambda view, item: pulls.issue(view.render, item)),
    ("issues", "#", "timeline"): of_item(
        lambda view, item: Listing(pulls.timeline(view.render, item), lambda row: row)
    ),
    ("issues", "#", "comments"): of_item(comments_of),
    ("commits",): list_commits,
    ("commits", "#"): one_commit,
    ("branches",): list_branches,
    ("branches", "#"): one_branch,
    ("tags",): list_tags,
    ("releases",): list_releases,
    ("releases", "#"): one_release,
    ("releases", "tags", "#"): one_release,
    ("deployments",): list_deployments,
    ("deployments", "#"): one_deployment,
    ("deployments", "#", "statuses"): list_statuses,
    ("actions", "runs"): list_runs,
    ("actions", "runs", "#"): one_run,
    ("actions", "runs", "#", "jobs"): list_jobs,
    ("actions", "workflows"): list_workflows,
}
