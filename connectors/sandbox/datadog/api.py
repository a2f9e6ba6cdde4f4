"""The simulated Datadog API, versions 1 and 2: what a client with both keys sees at an instant."""

import re
from collections.abc import Callable, Sequence

from connectors.sandbox.api import ApiRequest, ApiResponse, SandboxApi
from connectors.sandbox.company import Company
from connectors.sandbox.datadog.documents import (
    Document,
    incident_document,
    monitor_document,
    user_document,
)
from connectors.sandbox.datadog.objectives import history_document, objectives, slo_document
from connectors.sandbox.datadog.state import DatadogState
from connectors.sandbox.events import Event
from connectors.sandbox.working_time import DAY

LONGEST_HISTORY = 90 * DAY
LARGEST_PAGE = 100
"""Incidents and users a page, at most."""

_INCIDENT = re.compile(r"/api/v2/incidents/(?P<id>[^/]+)")
_HISTORY = re.compile(r"/api/v1/slo/(?P<id>[0-9a-f]+)/history")
_PER_MINUTE = {"history": "300", "incidents": "100", "users": "100"}
_USUAL_PER_MINUTE = "1000"


class RefusedError(Exception):
    """A parameter that Datadog refuses."""


class DatadogApi:
    """Answers requests over the timeline.

    Args:
        company: The organisation.
        events: Its whole timeline.
        token: The one secret that is let in, as either key; None lets in every pair of keys.
    """

    def __init__(self, company: Company, events: Sequence[Event], token: str | None = None) -> None:
        self.state = DatadogState(company, events)
        self._token = token
        self._people = {person.login: person for person in company.people}
        self._creator = company.people[0]
        self._listings: dict[str, Callable[[ApiRequest], Document | list[Document]]] = {
            "/api/v1/slo": self._slos,
            "/api/v1/monitor": self._monitors,
            "/api/v2/incidents": self._incidents,
            "/api/v2/users": self._users,
        }

    def move_to(self, instant: int) -> None:
        """Let time pass."""
        self.state.move_to(instant)

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a request."""
        keys = {request.headers.get(name) for name in ("dd-api-key", "dd-application-key")}
        if None in keys:
            return ApiResponse({"errors": ["Unauthorized"]}, status=401)
        if self._token is not None and keys != {self._token}:
            return ApiResponse({"errors": ["Forbidden"]}, status=403)
        try:
            document = self._document(request)
        except RefusedError as error:
            return ApiResponse({"errors": [str(error)]}, status=400, headers=_limits(request))
        if document is None:
            return ApiResponse({"errors": ["Not found"]}, status=404, headers=_limits(request))
        return ApiResponse(document, headers=_limits(request))

    def _document(self, request: ApiRequest) -> Document | list[Document] | None:
        listing = self._listings.get(request.path)
        if listing is not None:
            return listing(request)
        one = _INCIDENT.fullmatch(request.path)
        if one is not None:
            return self._incident(one["id"])
        history = _HISTORY.fullmatch(request.path)
        return None if history is None else self._history(history["id"], request)

    def _slos(self, request: ApiRequest) -> Document:
        rows = [slo_document(objective, self._creator) for objective in objectives(self.state)]
        offset, limit = _number(request, "offset", 0), _number(request, "limit", 1000)
        page = {"total_count": len(rows), "total_filtered_count": len(rows)}
        return {"data": rows[offset : offset + limit], "errors": None, "metadata": {"page": page}}

    def _history(self, identity: str, request: ApiRequest) -> Document | None:
        start, end = _number(request, "from_ts", 0), _number(request, "to_ts", 0)
        if not 0 < start < end:
            raise RefusedError("Invalid query params: from_ts must come before to_ts")
        if end - start > LONGEST_HISTORY:
            raise RefusedError("Invalid query params: the window must not exceed 90 days")
        found = next((row for row in objectives(self.state) if row.id == identity), None)
        return None if found is None else history_document(found, self.state, start, end)

    def _monitors(self, request: ApiRequest) -> list[Document]:
        """Without `page` all come at once; with `id_offset` those with greater numbers."""
        has_groups = bool(request.parameter("group_states"))
        rows = [
            monitor_document(
                service, came_at, self.state.outages(service), self._creator, has_groups=has_groups
            )
            for service, came_at in self.state.services()
        ]
        size = _number(request, "page_size", 100)
        if request.parameter("id_offset"):
            after = _number(request, "id_offset", 0)
            rows = sorted((row for row in rows if row["id"] > after), key=lambda row: int(row["id"]))
            return rows[:size]
        if not request.parameter("page"):
            return rows
        first = _number(request, "page", 0) * size
        return rows[first : first + size]

    def _incidents(self, request: ApiRequest) -> Document:
        offset, size = _number(request, "page[offset]", 0), _size(request)
        company = self.state.company
        rows = [incident_document(company, row) for row in self.state.incidents.values()]
        page = rows[offset : offset + size]
        pagination = {"offset": offset, "next_offset": offset + len(page), "size": len(page)}
        return {"data": page, "meta": {"pagination": pagination}}

    def _incident(self, identity: str) -> Document | None:
        rows = (incident_document(self.state.company, row) for row in self.state.incidents.values())
        found = next((row for row in rows if row["id"] == identity), None)
        return None if found is None else {"data": found}

    def _users(self, request: ApiRequest) -> Document:
        number, size, state = _number(request, "page[number]", 0), _size(request), self.state
        rows = [
            user_document(self._people[login], joined_at, state.gone.get(login))
            for login, joined_at in sorted(state.users.items())
        ]
        counts = {"total_count": len(rows), "total_filtered_count": len(rows)}
        return {"data": rows[number * size : (number + 1) * size], "meta": {"page": counts}}


def _number(request: ApiRequest, name: str, default: int) -> int:
    text = request.parameter(name, str(default))
    if not text.isdigit():
        raise RefusedError(f"Invalid query params: {name} is no number")
    return int(text)


def _size(request: ApiRequest) -> int:
    size = _number(request, "page[size]", 10)
    if size > LARGEST_PAGE:
        raise RefusedError(f"Invalid page size: at most {LARGEST_PAGE}")
    return size


def _limits(request: ApiRequest) -> dict[str, str]:
    """Each endpoint has a limit of its own."""
    limit = _PER_MINUTE.get(request.path.rsplit("/", 1)[1], _USUAL_PER_MINUTE)
    return {
        "x-ratelimit-limit": limit,
        "x-ratelimit-remaining": str(int(limit) - 1),
        "x-ratelimit-reset": "30",
        "x-ratelimit-period": "60",
    }


API = SandboxApi(prefix="datadog", make=DatadogApi)
