"""The simulated directory over real HTTP, with a source that reads it."""

from collections.abc import Iterator, Sequence
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
from connectors.reports import StreamReport
from connectors.sandbox.api import ApiRequest
from connectors.sandbox.company import Company, found
from connectors.sandbox.events import Event
from connectors.sandbox.parameters import Parameters
from connectors.sandbox.scim.api import ScimApi
from connectors.sandbox.simulation import play
from connectors.scim.kind import KIND, open_scim
from connectors.scim.settings import ScimSettings
from tests.connectors.workspace import FakeTime, landed, open_store, windows
from tests.replay.loopback import Handler, LoopbackServer, Request, Response

TOKEN = "directory-token"
SMALL = Parameters(months=12, services=6, until=date(2026, 7, 1))
START = datetime.fromtimestamp(SMALL.starts_at, UTC)
END = datetime.fromtimestamp(SMALL.ends_at, UTC)


@cache
def story() -> tuple[Company, Sequence[Event]]:
    """A story that all tests share."""
    company = found(SMALL)
    return company, tuple(play(company).events)


def answers_of(api: ScimApi) -> Handler:
    """Answer requests with the directory."""

    def answer(request: Request) -> Response:
        query = {
            name: (value,)
            for name, value in parse_qsl(urlsplit(request.target).query, keep_blank_values=True)
        }
        response = api.respond(ApiRequest(request.method, request.path, query, request.headers))
        return Response(
            msgspec.json.encode(response.document), status=response.status, headers=response.headers
        )

    return answer


def open_source(base_url: str, store: EvidenceStore, time: FakeTime, **settings: Any) -> HttpSource:
    """A source of the directory."""
    read = ScimSettings(name="scim", kind="scim", base_url=base_url, **settings)
    opening = Opening(store=store, runtime=time.runtime(), secrets={"ASSAY_SCIM_TOKEN": TOKEN})
    return open_scim(read, opening)


@dataclass(slots=True)
class Directory:
    """A directory and what is read of it."""

    api: ScimApi
    server: LoopbackServer
    store: EvidenceStore
    time: FakeTime
    source: HttpSource
    runs: int = 0

    def move_to(self, instant: datetime) -> None:
        """Let time pass for both sides."""
        self.api.move_to(int(instant.timestamp()))
        self.time.now = instant

    def extract(self, stream: str) -> StreamReport:
        """Run one stream."""
        self.runs += 1
        return self.source.extract(stream, run_id=f"run-{self.runs}")

    def asked(self, stream: str) -> list[Request]:
        """Run one stream; the requests that it took."""
        before = len(self.server.requests)
        assert self.extract(stream).failures == ()
        return self.server.requests[before:]

    def current(self, stream: str) -> dict[str, Any]:
        """The newest complete set by id."""
        pages = windows(self.store, stream)[-1]["page_indexes"]
        bodies = {row["log_index"]: row["body"] for row in landed(self.store, stream)}
        listings = [msgspec.json.decode(bodies[page]) for page in pages]
        return {row["id"]: row for listing in listings for row in listing.get("Resources", [])}


@contextmanager
def open_directory(
    folder: Path, *, at: datetime, can_filter: bool = True, **settings: Any
) -> Iterator[Directory]:
    """A directory at an instant, and a source over an empty store."""
    company, events = story()
    api = ScimApi(company, events, TOKEN, can_filter=can_filter)
    api.move_to(int(at.timestamp()))
    time = FakeTime(now=at)
    with LoopbackServer(answers_of(api)) as server, open_store(folder) as store:
        source = open_source(server.base_url, store, time, **settings)
        yield Directory(api, server, store, time, source)


STREAMS = KIND.streams
