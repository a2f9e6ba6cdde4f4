"""The simulated PagerDuty REST API, version 2: listings as a client sees them at an instant."""

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from connectors.sandbox.api import ApiRequest, ApiResponse, SandboxApi
from connectors.sandbox.company import Company
from connectors.sandbox.events import Event
from connectors.sandbox.pagerduty.alarms import Alarm, LogEntry, alarms_of
from connectors.sandbox.pagerduty.documents import Document, Rendering
from connectors.sandbox.pagerduty.identifiers import team_id
from connectors.sandbox.pagerduty.requests import (
    MOST_RESULTS,
    InvalidInputError,
    PageWanted,
    page_wanted,
    window_wanted,
    zone_wanted,
)
from connectors.sandbox.pagerduty.roster import WEEK, Roster, week_starts_at

LIMITS = {"ratelimit-limit": "960", "ratelimit-remaining": "959", "ratelimit-reset": "60"}
_ITEM = re.compile(r"/(?P<listing>incidents|teams|log_entries)/(?P<id>\w+)(?P<below>/log_entries|/members)?")

Records = Sequence[Any]


class PagerDutyApi:
    """Answers requests over the timeline.

    Args:
        company: The organisation.
        events: Its whole timeline.
        token: The one secret that is let in; None lets everybody in.
        most_results: The largest sum of offset and limit; smaller in tests.
    """

    def __init__(
        self,
        company: Company,
        events: Sequence[Event],
        token: str | None = None,
        *,
        most_results: int = MOST_RESULTS,
    ) -> None:
        self.now = company.parameters.starts_at - 1
        self._company = company
        self._events = events
        self._next = 0
        self._token = token
        self._most_results = most_results
        self._roster = Roster()
        self._people = {person.login: person for person in company.people}
        self._alarms = alarms_of(company, events)
        self._lines = sorted(
            ((entry.at, entry.ordinal, alarm, entry) for alarm in self._alarms for entry in alarm.entries),
            key=lambda line: (line[0], line[2].number, line[1]),
        )
        self._listings: dict[str, Callable[[ApiRequest, Rendering], Iterable[Document]]] = {
            "/teams": self._teams,
            "/users": self._users,
            "/services": self._services,
            "/escalation_policies": self._policies,
            "/oncalls": self._on_calls,
        }

    def move_to(self, instant: int) -> None:
        """Let time pass.

        Raises:
            ValueError: Time does not run backwards.
        """
        if instant < self.now:
            raise ValueError(f"The simulated PagerDuty is at {self.now} already.")
        while self._next < len(self._events) and self._events[self._next].at <= instant:
            self._roster.take(self._events[self._next])
            self._next += 1
        self.now = instant

    def alarms(self) -> list[Alarm]:
        """The incidents there are now, oldest first."""
        return [alarm for alarm in self._alarms if alarm.at <= self.now]

    def log(self) -> list[tuple[Alarm, LogEntry]]:
        """The lines of all incidents' logs there are now, oldest first."""
        return [(alarm, entry) for at, _, alarm, entry in self._lines if at <= self.now]

    def respond(self, request: ApiRequest) -> ApiResponse:
        """Answer a request."""
        if self._token is not None and request.headers.get("authorization") != f"Token token={self._token}":
            return _error(401, 2006, "Unauthorized", ["The credentials are missing or wrong."])
        if request.method != "GET":
            return _error(405, 2100, "Method not allowed", [])
        try:
            has_channels = "channels" in request.query.get("include[]", ())
            rendering = Rendering(self._people, zone_wanted(request), has_channels=has_channels)
            document = self._document(request, rendering)
        except InvalidInputError as error:
            return _error(400, 2001, "Invalid Input Provided", [str(error)])
        if document is None:
            return _error(404, 2100, "Not Found", [])
        return ApiResponse(document, headers=LIMITS)

    def _document(self, request: ApiRequest, rendering: Rendering) -> Document | None:
        wanted = page_wanted(request, self._most_results)
        if request.path == "/incidents":
            found = self._incidents(request)
            return _page("incidents", found, wanted, lambda row: rendering.incident(row, self.now))
        if request.path == "/log_entries":
            return _page("log_entries", self._entries(request), wanted, lambda row: rendering.log_entry(*row))
        if request.path in self._listings:
            rows = list(self._listings[request.path](request, rendering))
            return _page(request.path.removeprefix("/"), rows, wanted, lambda row: row)
        item = _ITEM.fullmatch(request.path)
        return None if item is None else self._item(item, wanted, rendering)

    def _item(self, item: re.Match[str], wanted: PageWanted, rendering: Rendering) -> Document | None:
        if item["listing"] == "teams" and item["below"] == "/members":
            return self._members(item["id"], wanted, rendering)
        if item["listing"] == "log_entries":
            lines = (rendering.log_entry(*line) for line in self.log())
            found = next((line for line in lines if line["id"] == item["id"]), None)
            return None if found is None else {"log_entry": found}
        alarm = next((row for row in self.alarms() if row.id == item["id"]), None)
        if alarm is None or item["listing"] != "incidents":
            return None
        if item["below"] is None:
            return {"incident": rendering.incident(alarm, self.now)}
        entries = alarm.known_at(self.now)[::-1]
        return _page("log_entries", entries, wanted, lambda row: rendering.log_entry(alarm, row))

    def _incidents(self, request: ApiRequest) -> list[Alarm]:
        found = self.alarms()
        if request.parameter("date_range") != "all":
            window = window_wanted(request, self.now)
            found = [alarm for alarm in found if window.holds(alarm.at)]
        statuses = request.query.get("statuses[]")
        if statuses:
            found = [alarm for alarm in found if self._status(alarm) in statuses]
        return found if request.parameter("sort_by") == "created_at:asc" else found[::-1]

    def _status(self, alarm: Alarm) -> str:
        kinds = {entry.kind for entry in alarm.known_at(self.now)}
        return "resolved" if "resolve" in kinds else "acknowledged" if "acknowledge" in kinds else "triggered"

    def _entries(self, request: ApiRequest) -> list[tuple[Alarm, LogEntry]]:
        window = window_wanted(request, self.now)
        return [line for line in self.log()[::-1] if window.holds(line[1].at)]

    def _teams(self, _request: ApiRequest, rendering: Rendering) -> Iterable[Document]:
        return (rendering.team(team) for team in sorted(self._roster.members))

    def _members(self, identity: str, wanted: PageWanted, rendering: Rendering) -> Document | None:
        team = next((name for name in self._roster.members if team_id(name) == identity), None)
        if team is None:
            return None
        members = self._roster.members[team]
        rows = [
            {
                "user": rendering.user_reference(login),
                "role": "manager" if login == members[0] else "responder",
            }
            for login in members
        ]
        return _page("members", rows, wanted, lambda row: row)

    def _users(self, _request: ApiRequest, rendering: Rendering) -> Iterable[Document]:
        for login in self._roster.people:
            teams = [team for team, members in self._roster.members.items() if login in members]
            yield rendering.user(login, teams=teams)

    def _owned(self) -> Iterable[tuple[str, str, int]]:
        """Each service there is now, its team, and since when it is there."""
        parameters = self._company.parameters
        span = parameters.ends_at - parameters.starts_at
        for service in sorted(self._company.services, key=lambda row: row.name):
            created_at = parameters.starts_at + int(span * service.starts_after)
            if created_at <= self.now:
                yield service.name, self._company.owner_at(service.name, self.now), created_at

    def _services(self, _request: ApiRequest, rendering: Rendering) -> Iterable[Document]:
        alarms = self.alarms()
        for name, team, created_at in self._owned():
            own = [alarm for alarm in alarms if alarm.service == name]
            still_open = [alarm for alarm in own if self._status(alarm) != "resolved"]
            last = own[-1].at if own else None
            yield rendering.service(name, team=team, created_at=created_at, open_alarms=still_open, last=last)

    def _policies(self, _request: ApiRequest, rendering: Rendering) -> Iterable[Document]:
        owned = list(self._owned())
        for team in sorted(name for name, members in self._roster.members.items() if members):
            services = [name for name, owner, _ in owned if owner == team]
            yield rendering.policy(team, services=services, behind=self._roster.behind(team))

    def _on_calls(self, _request: ApiRequest, rendering: Rendering) -> Iterable[Document]:
        start = week_starts_at(self.now)
        for team in sorted(self._roster.members):
            first, second = self._roster.on_call(team, self.now), self._roster.behind(team)
            if first is not None and second is not None:
                yield rendering.on_call(team, first, level=1, start=start, end=start + WEEK)
                yield rendering.on_call(team, second, level=2, start=None, end=None)


def _page(name: str, rows: Records, wanted: PageWanted, render: Callable[[Any], Document]) -> Document:
    chosen = rows[wanted.offset : wanted.offset + wanted.limit]
    return {
        name: [render(row) for row in chosen],
        "limit": wanted.limit,
        "offset": wanted.offset,
        "total": len(rows) if wanted.has_total else None,
        "more": wanted.offset + len(chosen) < len(rows),
    }


def _error(status: int, code: int, message: str, errors: list[str]) -> ApiResponse:
    document = {"error": {"code": code, "message": message, "errors": errors}}
    return ApiResponse(document, status=status, headers=LIMITS)


API = SandboxApi(prefix="pagerduty", make=PagerDutyApi)
