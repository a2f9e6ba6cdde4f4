"""A PagerDuty account of the simulated organisation over real HTTP, with a source that reads it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from connectors.evidence import EvidenceStore
from connectors.http.source import HttpSource
from connectors.kinds import Opening
from connectors.pagerduty.kind import KIND
from connectors.reports import StreamReport
from connectors.sandbox.api import Api, ApiRequest
from connectors.sandbox.company import Company, found
from connectors.sandbox.events import (
    Event,
    IncidentOpened,
    IncidentResolved,
    PersonJoined,
    TeamFormed,
)
from connectors.sandbox.pagerduty.api import PagerDutyApi
from connectors.sandbox.parameters import Parameters
from connectors.sandbox.simulation import play
from connectors.streams import TimeWindow
from tests.connectors.workspace import FakeTime, landed_records, open_store
from tests.replay.loopback import Handler, LoopbackServer, Request, Response

TOKEN = "u+PagerDutyTestToken"
SMALL = Parameters(months=12, services=6, until=date(2026, 7, 1))
ENVELOPES = {stream.name: stream.envelope for stream in KIND.streams if hasattr(stream, "envelope")}


@cache
def story() -> tuple[Company, Sequence[Event]]:
    """A story that all tests share."""
    company = found(SMALL)
    return company, tuple(play(company).events)


def incidents_of(*spans: tuple[datetime, datetime | None]) -> tuple[Event, ...]:
    """The teams and people of the story, with incidents of one service from an instant to another."""
    company, events = story()
    service = company.services[0].name
    reporter = company.people[0].login
    made: list[Event] = [event for event in events if isinstance(event, TeamFormed | PersonJoined)]
    for number, (opened, resolved) in enumerate(spans, 1):
        at = int(opened.timestamp())
        made.append(IncidentOpened(at, number, (service,), 2, "Errors at the till", "Errors.", reporter))
        if resolved is not None:
            made.append(IncidentResolved(int(resolved.timestamp()), number, reporter, "Over."))
    return tuple(sorted(made, key=lambda event: event.at))


def answers_of(api: Api) -> Handler:
    """Answer requests with an API of the sandbox."""

    def answer(request: Request) -> Response:
        query: dict[str, tuple[str, ...]] = {}
        for name, value in parse_qsl(urlsplit(request.target).query, keep_blank_values=True):
            query[name] = (*query.get(name, ()), value)
        response = api.respond(
            ApiRequest(request.method, request.path, query, request.headers, raw_path=request.path)
        )
        return Response(
            msgspec.json.encode(response.document), status=response.status, headers=response.headers
        )

    return answer


@dataclass(slots=True)
class ReadAccount:
    """An account and what is read of it."""

    api: PagerDutyApi
    server: LoopbackServer
    store: EvidenceStore
    time: FakeTime
    source: HttpSource
    runs: int = 0

    def move_to(self, instant: datetime) -> None:
        """Let time pass for both sides."""
        self.api.move_to(int(instant.timestamp()))
        self.time.now = instant

    def extract(self, stream: str, *, window: TimeWindow | None = None) -> StreamReport:
        """Run one stream."""
        self.runs += 1
        return self.source.extract(stream, run_id=f"run-{self.runs}", window=window)

    def asked(self, stream: str, *, window: TimeWindow | None = None) -> list[Request]:
        """Run one stream; the requests that it took."""
        before = len(self.server.requests)
        self.extract(stream, window=window)
        return self.server.requests[before:]

    def records(self, stream: str) -> list[Any]:
        """Everything that was read, in order."""
        return landed_records(self.store, stream, envelope=ENVELOPES[stream])

    def newest(self, stream: str) -> dict[str, Any]:
        """The newest version of each record."""
        return {record["id"]: record for record in self.records(stream)}


@contextmanager
def open_account(
    folder: Path,
    *,
    at: datetime,
    events: Sequence[Event] = (),
    most_results: int = 10_000,
    around: Callable[[Handler], Handler] = lambda handler: handler,
    **settings: Any,
) -> Iterator[ReadAccount]:
    """An account at an instant, and a source over an empty store.

    Args:
        folder: Where evidence goes.
        at: The instant, for the account and for the source's clock.
        events: What happens; the story if it is not given.
        most_results: Where the account's listings are cut off.
        around: What stands between the account and the wire.
        settings: Keys of the source's settings.
    """
    company, told = story()
    api = PagerDutyApi(company, events or told, TOKEN, most_results=most_results)
    api.move_to(int(at.timestamp()))
    time = FakeTime(now=at)
    with LoopbackServer(around(answers_of(api))) as server, open_store(folder) as store:
        source = open_source(server.base_url, store, time, **settings)
        yield ReadAccount(api, server, store, time, source)


def open_source(base_url: str, store: EvidenceStore, time: FakeTime, **settings: Any) -> HttpSource:
    """The source itself."""
    document = {"name": "pagerduty", "kind": "pagerduty", "base_url": base_url, **settings}
    parsed: Any = KIND.settings.model_validate(document)
    opening = Opening(store=store, runtime=time.runtime(), secrets={parsed.token_env: TOKEN})
    source = KIND.open(parsed, opening)
    assert isinstance(source, HttpSource)
    return source


def utc(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
