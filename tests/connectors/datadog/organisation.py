"""A Datadog organisation of the simulated company over real HTTP, with a source that reads it."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from connectors.datadog.kind import KIND
from connectors.evidence import EvidenceStore
from connectors.http.source import HttpSource
from connectors.kinds import Opening
from connectors.reports import StreamReport
from connectors.sandbox.company import Company, found
from connectors.sandbox.datadog.api import DatadogApi
from connectors.sandbox.events import Event
from connectors.sandbox.parameters import Parameters
from connectors.sandbox.simulation import play
from connectors.streams import TimeWindow
from tests.connectors.workspace import FakeTime, landed_records, open_store
from tests.replay.vendor_api import VendorApi

API_KEY, APPLICATION_KEY = "api-key-of-a-test", "application-key-of-a-test"
SMALL = Parameters(months=3, services=5, until=date(2026, 7, 1))
SINCE = SMALL.first_day.isoformat()


@cache
def story() -> tuple[Company, Sequence[Event]]:
    """A story that all tests share."""
    company = found(SMALL)
    return company, tuple(play(company).events)


@dataclass(slots=True)
class ReadOrganisation:
    """An organisation and what is read of it."""

    api: DatadogApi
    vendor: VendorApi
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

    def asked(self, stream: str, *, window: TimeWindow | None = None) -> list[str]:
        """Run one stream; the requests that it took."""
        self.vendor.asked()
        self.extract(stream, window=window)
        return self.vendor.asked()

    def records(self, stream: str) -> list[Any]:
        """Everything that was read, in order."""
        envelope = "data" if stream in ("slos", "incidents", "users") else None
        return landed_records(self.store, stream, envelope=envelope)


@contextmanager
def open_organisation(folder: Path, *, at: datetime, **settings: Any) -> Iterator[ReadOrganisation]:
    """An organisation at an instant, and a source over an empty store.

    Args:
        folder: Where evidence goes.
        at: The instant, for the organisation and for the source's clock.
        settings: Keys of the source's settings.
    """
    api = DatadogApi(*story())
    api.move_to(int(at.timestamp()))
    vendor, time = VendorApi(api, prefix="datadog"), FakeTime(now=at)
    with vendor.server, open_store(folder) as store:
        source = open_source(vendor.base_url, store, time, **settings)
        yield ReadOrganisation(api, vendor, store, time, source)


def open_source(base_url: str, store: EvidenceStore, time: FakeTime, **settings: Any) -> HttpSource:
    """The source itself."""
    document = {"name": "datadog", "kind": "datadog", "base_url": base_url, **settings}
    parsed: Any = KIND.settings.model_validate(document)
    secrets = {parsed.api_key_env: API_KEY, parsed.application_key_env: APPLICATION_KEY}
    source = KIND.open(parsed, Opening(store=store, runtime=time.runtime(), secrets=secrets))
    assert isinstance(source, HttpSource)
    return source


def utc(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
