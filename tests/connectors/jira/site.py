"""A Jira site of the simulated organisation over real HTTP, with a source that reads it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from connectors.evidence import EvidenceStore
from connectors.http.source import HttpSource
from connectors.jira.kind import KIND
from connectors.kinds import Opening
from connectors.reports import StreamReport
from connectors.sandbox.api import Api, ApiRequest
from connectors.sandbox.company import Company, found
from connectors.sandbox.events import Event
from connectors.sandbox.jira.api import JiraApi
from connectors.sandbox.jira.state import JiraState
from connectors.sandbox.parameters import Parameters
from connectors.sandbox.simulation import play
from connectors.streams import TimeWindow
from tests.connectors.workspace import FakeTime, landed, open_store
from tests.replay.loopback import Handler, LoopbackServer, Request, Response

TOKEN, EMAIL = "ATATT3xTestToken", "reader@acme.example"
SMALL = Parameters(months=4, services=4, until=date(2026, 7, 1))
STREAMS = tuple(stream.name for stream in KIND.streams)
END = datetime(2026, 7, 1, tzinfo=UTC)
MIDDLE = datetime(2026, 5, 20, 9, 30, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
Instead = Callable[[Request, Handler], Response]


@cache
def story() -> tuple[Company, Sequence[Event]]:
    """A story that all tests share."""
    company = found(SMALL)
    return company, tuple(play(company).events)


def answers_of(api: Api, server: Callable[[], str] = str) -> Handler:
    """Answer requests with an API of the sandbox."""

    def answer(request: Request) -> Response:
        query: dict[str, tuple[str, ...]] = {}
        for name, value in parse_qsl(urlsplit(request.target).query, keep_blank_values=True):
            query[name] = (*query.get(name, ()), value)
        response = api.respond(
            ApiRequest(request.method, request.path, query, request.headers, request.body, base_url=server())
        )
        return Response(
            msgspec.json.encode(response.document), status=response.status, headers=response.headers
        )

    return answer


@dataclass(slots=True)
class ReadSite:
    """A site and what is read of it."""

    api: JiraApi
    server: LoopbackServer
    store: EvidenceStore
    time: FakeTime
    source: HttpSource
    runs: int = 0
    reports: dict[str, StreamReport] = field(default_factory=dict)

    @property
    def state(self) -> JiraState:
        """What the site holds."""
        return self.api.state

    def move_to(self, instant: datetime) -> None:
        """Let time pass for both sides."""
        self.api.move_to(int(instant.timestamp()))
        self.time.now = instant

    def extract(self, stream: str, *, window: TimeWindow | None = None) -> StreamReport:
        """Run one stream."""
        self.runs += 1
        self.reports[stream] = self.source.extract(stream, run_id=f"run-{self.runs}", window=window)
        return self.reports[stream]

    def extract_all(self, streams: Sequence[str] = STREAMS) -> None:
        """Run every stream; none of them may have failed anywhere."""
        for stream in streams:
            assert self.extract(stream).failures == (), stream

    def asked(self, *streams: str) -> list[Request]:
        """Run streams; the requests that it took."""
        before = len(self.server.requests)
        for stream in streams:
            self.extract(stream)
        return self.server.requests[before:]

    def records(self, stream: str) -> list[Any]:
        """Everything that was read of a stream, whatever form its pages have, in order."""
        records: list[Any] = []
        for row in landed(self.store, stream):
            body = msgspec.json.decode(row["body"])
            lists = (
                [value for value in body.values() if isinstance(value, list)]
                if isinstance(body, dict)
                else [body]
            )
            records.extend(lists[0] if lists else [body])
        return records

    def newest(self, stream: str) -> dict[str, Any]:
        """The newest version of each record, by id."""
        return {str(record["id"]): record for record in self.records(stream)}

    def changes(self) -> dict[str, dict[str, Any]]:
        """Every change of an issue that was read, by id."""
        found: dict[str, dict[str, Any]] = {}
        for group in self.records("changelogs"):
            entries = group.get("changeHistories", [group])
            found.update({entry["id"]: entry for entry in entries})
        for issue in self.records("histories"):
            found.update({entry["id"]: entry for entry in issue["changelog"]["histories"]})
        return found


@contextmanager
def open_site(
    folder: Path,
    *,
    at: datetime = END,
    is_cloud: bool = True,
    largest_page: int | None = None,
    instead: Instead | None = None,
    events: Sequence[Event] | None = None,
    **settings: Any,
) -> Iterator[ReadSite]:
    """Serve a site as it is at an instant, and open a source that reads it.

    Args:
        folder: Where evidence goes.
        at: The instant, for both sides.
        is_cloud: Which product answers.
        largest_page: The most issues on a page of a search.
        instead: Answers in place of the site, which it is handed.
        events: Another story.
        settings: Further settings of the source.
    """
    company, told = story()
    api = JiraApi(company, events or told, TOKEN, is_cloud=is_cloud, largest_page=largest_page)
    api.move_to(int(at.timestamp()))
    time = FakeTime(now=at)
    answer = answers_of(api)
    handler: Handler = answer if instead is None else lambda request: instead(request, answer)
    with LoopbackServer(handler, path="") as server, open_store(folder) as store:
        source = open_source(server.base_url, store, time, is_cloud=is_cloud, **settings)
        yield ReadSite(api, server, store, time, source)


def open_source(
    base_url: str, store: EvidenceStore, time: FakeTime, *, is_cloud: bool, **settings: Any
) -> HttpSource:
    """A source for an address."""
    given: dict[str, Any] = {
        "name": "jira",
        "kind": "jira",
        "base_url": base_url,
        "deployment": "cloud" if is_cloud else "data_center",
        "email_env": "JIRA_EMAIL" if is_cloud else None,
        "custom_fields": ("Story Points",),
        **settings,
    }
    secrets = {"JIRA_EMAIL": EMAIL, "ASSAY_JIRA_TOKEN": TOKEN}
    opening = Opening(store=store, runtime=time.runtime(), secrets=secrets)
    source = KIND.open(KIND.settings(**given), opening)
    assert isinstance(source, HttpSource)
    return source
