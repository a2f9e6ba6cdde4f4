"""The simulated directory: people and groups as SCIM 2.0 lists them at an instant (RFC 7644)."""

import re
from collections.abc import Sequence
from datetime import datetime

from connectors.sandbox.api import ApiRequest, ApiResponse, SandboxApi
from connectors.sandbox.company import Company
from connectors.sandbox.events import Event, PersonJoined, PersonLeft, PersonMovedTeam, TeamFormed
from connectors.sandbox.scim.documents import Document, chosen, group_document, user_document
from connectors.sandbox.staff_records import Staff

LARGEST_PAGE = 50
"""A page holds no more, whatever was asked for."""

_MESSAGES = "urn:ietf:params:scim:api:messages:2.0:"
_TYPE = {"content-type": "application/scim+json"}
_FILTER = re.compile(r'^meta\.lastModified gt "(?P<instant>[^"]+)"$')


class ScimApi:
    """Answers requests over the timeline.

    Args:
        company: The organisation.
        events: Its whole timeline.
        token: The one secret that is let in; None lets everybody in.
        can_filter: Whether the directory filters by the last change.
    """

    def __init__(
        self,
        company: Company,
        events: Sequence[Event],
        token: str | None = None,
        *,
        can_filter: bool = True,
    ) -> None:
        self.now = company.parameters.starts_at - 1
        self.staff = Staff(company)
        self._events = events
        self._next = 0
        self._token = token
        self._can_filter = can_filter
        self._groups: dict[str, int] = {}
        self._deleted: set[str] = set()

    def move_to(self, instant: int) -> None:
        """Let time pass.

        Raises:
            ValueError: Time does not run backwards.
        """
        if instant < self.now:
            raise ValueError(f"The simulated directory is at {self.now} already.")
        while self._next < len(self._events) and self._events[self._next].at <= instant:
            self._take(self._events[self._next])
            self._next += 1
        self.now = instant

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a request."""
        if self._token is not None and request.headers.get("authorization") != f"Bearer {self._token}":
            return _error(401, "Authorization failure.")
        if request.path == "/Users":
            return self._page(request, self.users(request.base_url))
        if request.path == "/Groups":
            return self._page(request, self.groups(request.base_url))
        return _error(404, f"{request.path} does not exist.")

    def users(self, base_url: str = "") -> list[Document]:
        """Everybody whose entry was not deleted."""
        records = self.staff.records
        return [
            user_document(record, base_url=base_url)
            for login, record in records.items()
            if login not in self._deleted
        ]

    def groups(self, base_url: str = "") -> list[Document]:
        """Every team."""
        records = self.staff.records
        return [
            group_document(
                team,
                (records[login].person.number for login in self.staff.members.get(team, ())),
                changed_at=changed_at,
                base_url=base_url,
            )
            for team, changed_at in self._groups.items()
        ]

    def _take(self, event: Event) -> None:
        self.staff.take(event)
        match event:
            case TeamFormed(team=team):
                self._groups[team] = event.at
            case PersonJoined(team=str(team)):
                self._groups[team] = event.at
            case PersonMovedTeam(from_team=old, to_team=new):
                self._groups[old] = self._groups[new] = event.at
            case PersonLeft(login=login, team=team, is_account_deleted=is_deleted):
                self._groups[team] = event.at
                if is_deleted:
                    self._deleted.add(login)

    def _page(self, request: ApiRequest, resources: list[Document]) -> ApiResponse:
        wanted = request.parameter("filter")
        if wanted:
            match = _FILTER.match(wanted)
            if match is None or not self._can_filter:
                return _error(400, "The filter is not supported.", kind="invalidFilter")
            since = datetime.fromisoformat(match["instant"])
            resources = [row for row in resources if _changed_at(row) > since]
        start = max(1, int(request.parameter("startIndex", "1")))
        count = min(LARGEST_PAGE, max(0, int(request.parameter("count", str(LARGEST_PAGE)))))
        page = resources[start - 1 : start - 1 + count]
        attributes = request.parameter("attributes")
        listing: Document = {
            "schemas": [f"{_MESSAGES}ListResponse"],
            "totalResults": len(resources),
            "startIndex": start,
            "itemsPerPage": len(page),
        }
        if resources:  # required only where there is anything (RFC 7644, section 3.4.2)
            listing["Resources"] = [chosen(row, attributes) for row in page]
        return ApiResponse(listing, headers=_TYPE)


def _changed_at(document: Document) -> datetime:
    return datetime.fromisoformat(document["meta"]["lastModified"])


def _error(status: int, detail: str, *, kind: str | None = None) -> ApiResponse:
    document: Document = {"schemas": [f"{_MESSAGES}Error"], "status": str(status), "detail": detail}
    if kind is not None:
        document["scimType"] = kind
    return ApiResponse(document, status=status, headers=_TYPE)


API = SandboxApi(prefix="scim", make=ScimApi)
