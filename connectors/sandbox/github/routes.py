"""Which path answers what: every list and object of the simulated GitHub."""

from collections.abc import Callable

from connectors.sandbox.github import commit_documents as commits
from connectors.sandbox.github import delivery_documents as delivery
from connectors.sandbox.github import lists
from connectors.sandbox.github import pull_documents as pulls
from connectors.sandbox.github.accounts import user
from connectors.sandbox.github.paging import Listing, Query
from connectors.sandbox.github.repository_documents import full_repository
from connectors.sandbox.github.searching import search_issues
from connectors.sandbox.github.state import GitHubState, Item, RepositoryState
from connectors.sandbox.github.view import Answer, GitHubView, Moved
from connectors.sandbox.parameters import ORGANISATION
from connectors.sandbox.people import RELEASE_BOT

Handler = Callable[[GitHubView, RepositoryState, Query, list[str]], Answer]


def answer(view: GitHubView, path: str, query: Query) -> Answer:
    """What a GET of this path gives; None if there is nothing there.

    Raises:
        RefusedError: A parameter makes no sense.
    """
    steps = path.strip("/").split("/")
    if steps[0] == "repositories" and len(steps) > 1:
        found = next((row for row in view.state.repositories.values() if str(row.number) == steps[1]), None)
        rest = steps[2:]
    elif steps[0] == "repos" and len(steps) > 2:  # noqa: PLR2004
        name, rest = f"{steps[1]}/{steps[2]}", steps[3:]
        found, renamed = view.state.repository_called(name), view.state.former_names.get(name)
        if found is None and renamed is not None:
            return Moved("/".join(("", "repositories", str(renamed.number), *rest)))
    else:
        return search_issues(view, query) if steps == ["search", "issues"] else elsewhere(view, steps)
    if found is None:
        return None
    shape, arguments = shape_of(rest)
    handler = IN_REPOSITORY.get(shape)
    return handler(view, found, query, arguments) if handler else None


def elsewhere(view: GitHubView, steps: list[str]) -> Answer:
    """Paths outside a repository."""
    match steps:
        case ["user"]:
            return user(RELEASE_BOT) | {"name": RELEASE_BOT.name}
        case ["users", login] if login in view.state.people and login not in view.state.deleted:
            return user(view.state.people[login]) | {"name": view.state.people[login].name}
        case ["orgs", organisation, *rest] if organisation == ORGANISATION:
            return in_organisation(view, rest)
    return None


def in_organisation(view: GitHubView, steps: list[str]) -> Answer:
    """The organisation and its lists."""
    state, render = view.state, view.render
    match steps:
        case []:
            return render.organisation()
        case ["repos"]:
            return Listing(list(state.repositories.values()), full_repository)
        case ["members"]:
            return Listing(state.members, render.user)
        case ["teams"]:
            return Listing(list(state.teams.values()), render.team)
        case ["teams", slug, *rest] if slug in state.teams:
            return in_team(view, slug, rest)
    return None


def in_team(view: GitHubView, slug: str, steps: list[str]) -> Answer:
    """A team and its members."""
    if not steps:
        return view.render.team(view.state.teams[slug])
    return Listing(members_below(view.state, slug), view.render.user) if steps == ["members"] else None


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
    commit = lists.commit_of(repository, arguments[0])
    return commits.commit_in_detail(view.render, repository, commit) if commit else None


def one_branch(_: GitHubView, repository: RepositoryState, query: Query, arguments: list[str]) -> Answer:
    """A branch."""
    del query
    commit = lists.commit_of(repository, arguments[0])
    return lists.branch(repository, arguments[0], commit.sha) if commit else None


def one_release(view: GitHubView, repository: RepositoryState, query: Query, arguments: list[str]) -> Answer:
    """A release by the name of its tag or by its number."""
    del query
    made = next((row for row in repository.releases if arguments[0] in (row.tag, str(row.number))), None)
    return delivery.release(view.render, repository, made) if made else None


def one_line_comment(
    view: GitHubView, repository: RepositoryState, query: Query, arguments: list[str]
) -> Answer:
    """A comment on a line."""
    del query
    made = next((row for row in repository.line_comments if row.number == int(arguments[0])), None)
    return pulls.line_comment(view.render, made) if made else None


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
    (): lambda _, repository, __, ___: (
        full_repository(repository) | {"organization": None, "network_count": 0, "subscribers_count": 0}
    ),
    ("pulls",): lists.list_pulls,
    ("pulls", "comments"): lists.list_line_comments,
    ("pulls", "comments", "#"): one_line_comment,
    ("pulls", "#"): of_pull(lambda view, item: pulls.pull_request_in_detail(view.render, item)),
    ("pulls", "#", "reviews"): of_pull(
        lambda view, item: Listing(
            pulls.pull_of(item).reviews, lambda row: pulls.review(view.render, item, row)
        )
    ),
    ("pulls", "#", "commits"): of_pull(
        lambda view, item: Listing(
            pulls.pull_of(item).commits,
            lambda row: commits.commit(view.render, item.repository, row),
            reachable=250,
        )
    ),
    ("pulls", "#", "comments"): of_pull(
        lambda view, item: Listing(
            [row for row in item.repository.line_comments if row.item is item],
            lambda row: pulls.line_comment(view.render, row),
        )
    ),
    ("issues",): lists.list_issues,
    ("issues", "#"): of_item(lambda view, item: pulls.issue(view.render, item)),
    ("issues", "#", "timeline"): of_item(
        lambda view, item: Listing(pulls.timeline(view.render, item), lambda row: row)
    ),
    ("issues", "#", "comments"): of_item(comments_of),
    ("commits",): lists.list_commits,
    ("commits", "#"): one_commit,
    ("branches",): lists.list_branches,
    ("branches", "#"): one_branch,
    ("tags",): lists.list_tags,
    ("releases",): lists.list_releases,
    ("releases", "#"): one_release,
    ("releases", "tags", "#"): one_release,
    ("deployments",): lists.list_deployments,
    ("deployments", "#"): one_deployment,
    ("deployments", "#", "statuses"): list_statuses,
    ("actions", "runs"): lists.list_runs,
    ("actions", "runs", "#"): one_run,
    ("actions", "runs", "#", "jobs"): list_jobs,
    ("actions", "workflows"): lists.list_workflows,
}
