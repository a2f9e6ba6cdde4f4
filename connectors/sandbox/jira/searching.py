"""Answers searches: Cloud by tokens, over an index that lags; Data Center by offsets."""

import base64
import json
from dataclasses import dataclass, field

from connectors.sandbox.api import ApiRequest
from connectors.sandbox.jira.documents import Document, Renderer
from connectors.sandbox.jira.jql import JqlError, parse
from connectors.sandbox.jira.state import Issue, JiraState

INDEX_LAG = 45_000
"""Milliseconds after which Cloud's index has seen a change."""

CLOUD_PAGE, CLOUD_KEYS_PAGE, DATA_CENTER_PAGE = 100, 5000, 1000
Found = list[tuple[tuple[object, ...], Issue]]


@dataclass(slots=True)
class Searches:
    """Searches of one site; equal ones are answered from what was found, until time passes.

    Attributes:
        state: The site.
        is_cloud: Whether the index lags.
        largest_page: The most issues on a page, whatever is asked for; None for the product's own bound.
    """

    state: JiraState
    is_cloud: bool
    largest_page: int | None = None
    _held: dict[str, Found] = field(default_factory=dict)

    def forget(self) -> None:
        """Time has passed."""
        self._held.clear()

    def found(self, text: str) -> Found:
        """Everything that a query finds, with what it is sorted by.

        Raises:
            JqlError: The query cannot be answered.
        """
        if text not in self._held:
            self._held[text] = self._search(text)
        return self._held[text]

    def _search(self, text: str) -> Found:
        horizon = self.state.at - INDEX_LAG if self.is_cloud else self.state.at
        seen = {
            row.id: at for row in self.state.issues.values() if (at := row.indexed_at(horizon)) is not None
        }
        query = parse(text, self.state, updated=lambda issue: seen[issue.id])
        rows = [row for row in self.state.issues.values() if row.id in seen]
        matching = [row for row in rows if all(test(row) for test in query.tests)]
        pairs = [
            (tuple(sort_key(row, name, updated=seen[row.id]) for name in query.order), row)
            for row in matching
        ]
        return sorted(pairs, key=lambda pair: (pair[0], pair[1].id))

    def _size(self, request: ApiRequest, largest: int) -> int:
        return min(int(request.parameter("maxResults", "50")), self.largest_page or largest)

    def cloud_page(self, request: ApiRequest, render: Renderer) -> Document:
        """A page of `/search/jql`: no total, and a token for the page after it unless it is the last."""
        wanted, text = names(request, "fields", "id"), request.parameter("jql")
        is_plain = wanted <= {"id", "key"}
        size = self._size(request, CLOUD_KEYS_PAGE if is_plain else CLOUD_PAGE)
        found = self.found(text)
        after = read_token(request.parameter("nextPageToken"), text)
        rest = [pair for pair in found if after is None or as_list(pair) > after]
        shown, expand = rest[:size], names(request, "expand")
        document: Document = {
            "issues": [render.issue(issue, wanted=wanted, expand=expand) for _, issue in shown]
        }
        is_last = len(rest) <= size
        if not is_last:
            document["nextPageToken"] = token(shown[-1], text)
        return document | {"isLast": is_last}

    def data_center_page(self, request: ApiRequest, render: Renderer) -> Document:
        """A page of `/search`: an offset into what is found right now."""
        start = int(request.parameter("startAt", "0"))
        size = self._size(request, DATA_CENTER_PAGE)
        found = self.found(request.parameter("jql"))
        wanted, expand = names(request, "fields", "*all"), names(request, "expand")
        shown = [
            render.issue(issue, wanted=wanted, expand=expand) for _, issue in found[start : start + size]
        ]
        return {
            "expand": "schema,names",
            "startAt": start,
            "maxResults": size,
            "total": len(found),
            "issues": shown,
        }


def names(request: ApiRequest, parameter: str, default: str = "") -> set[str]:
    """The names in a parameter, which may come as one list with commas or several times."""
    given = ",".join(request.query.get(parameter, (default,)))
    return {name.strip() for name in given.split(",") if name.strip()}


def sort_key(issue: Issue, name: str, *, updated: int) -> object:
    """What an issue is sorted by; numbers of keys are numbers."""
    if name == "updated":
        return updated
    if name == "created":
        return issue.created_at
    prefix, _, number = issue.key.rpartition("-")
    return (prefix, int(number)) if name == "key" else issue.id


def as_list(pair: tuple[tuple[object, ...], Issue]) -> list[object]:
    """What a row is sorted by, as JSON has it."""
    keys = [list(key) if isinstance(key, tuple) else key for key in pair[0]]
    return [*keys, pair[1].id]


def token(last: tuple[tuple[object, ...], Issue], text: str) -> str:
    """A token for what comes after a row of a query."""
    return base64.urlsafe_b64encode(json.dumps([as_list(last), text]).encode()).decode()


def read_token(given: str, text: str) -> list[object] | None:
    """Where a token goes on; None without one.

    Raises:
        JqlError: The token is not one of this query.
    """
    if not given:
        return None
    try:
        after, query = json.loads(base64.urlsafe_b64decode(given))
    except ValueError as error:
        raise JqlError("The provided next page token is invalid or expired.") from error
    if query != text or not isinstance(after, list):
        raise JqlError("The provided next page token is invalid or expired.")
    return after
