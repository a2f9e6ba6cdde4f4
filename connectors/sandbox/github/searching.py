"""The search for issues and pull requests, as far as counting needs it."""

import re
from collections.abc import Callable

from connectors.sandbox.github import pull_documents as pulls
from connectors.sandbox.github.lists import SEARCH_REACHES, bounds_of, updated
from connectors.sandbox.github.paging import Listing, Query, RefusedError
from connectors.sandbox.github.state import Item, RepositoryState
from connectors.sandbox.github.view import Answer, GitHubView

_TERM = re.compile(r"(\w+):(\S+)")
_KINDS: dict[str, Callable[[Item], bool]] = {
    "pr": lambda item: item.pull is not None,
    "issue": lambda item: item.pull is None,
}


def search_issues(view: GitHubView, query: Query) -> Answer:
    """What `/search/issues` finds in one repository: newest update first, a thousand items at most.

    Raises:
        RefusedError: The query names no repository that is seen, or has a term that is not understood.
    """
    terms = _TERM.findall(query.get("q"))
    repository = _repository(view, terms)
    rows = [item for item in repository.items.values() if all(_meets(item, *term) for term in terms)]
    return Listing(
        sorted(rows, key=updated, reverse=True),
        lambda item: pulls.issue(view.render, item),
        wrap=lambda documents, count: {"total_count": count, "incomplete_results": False, "items": documents},
        reachable=SEARCH_REACHES,
    )


def _repository(view: GitHubView, terms: list[tuple[str, str]]) -> RepositoryState:
    named = [value for name, value in terms if name == "repo"]
    found = view.state.repository_called(named[0]) if len(named) == 1 else None
    if found is None:
        raise RefusedError(
            "Validation Failed: the listed repositories cannot be searched either because they do not exist "
            "or you do not have permission to view them."
        )
    return found


def _meets(item: Item, name: str, value: str) -> bool:
    if name == "repo":
        return True
    if name == "is" and value in _KINDS:
        return _KINDS[value](item)
    if name in ("created", "updated"):
        first, last = bounds_of(value)
        return first <= (item.created_at if name == "created" else item.updated_at) <= last
    raise RefusedError(f"Validation Failed: {name}:{value} is not understood.")
