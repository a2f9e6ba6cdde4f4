"""A run of every stream of one source, with or without a fault, and what evidence amounts to after it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from connectors.errors import ConnectorError
from connectors.evidence import EvidenceStore
from connectors.kinds import Source
from connectors.reports import StreamReport
from connectors.streams import TimeWindow
from tests.connectors.matrix.current import Current, current
from tests.connectors.matrix.faults import Case, Fault
from tests.connectors.matrix.sources import SOURCES, MatrixSource
from tests.connectors.matrix.vendor import A_WHILE, Vendor, undisturbed
from tests.connectors.workspace import FakeTime, open_store

EARLIER = datetime(2026, 6, 22, 9, 55, tzinfo=UTC)
LATER = datetime(2026, 6, 23, 14, 12, 31, tzinfo=UTC)
"""Two alerts are active, and a deployment began some minutes ago."""

BACKFILL = TimeWindow(LATER - timedelta(days=14), LATER - timedelta(days=1))
_MEMORY = Path("/dev/shm")  # noqa: S108 - where it exists, hundreds of small ledgers need not wait for a disk
MOMENTS = ("first run", "increment", "backfill")


@dataclass
class Reading:
    """One source over one store.

    Attributes:
        failures: What went wrong in the last run, by stream.
        reports: What the last run did, by stream.
    """

    spec: MatrixSource
    vendor: Vendor
    store: EvidenceStore
    time: FakeTime
    server_time: "ServerTime"
    runs: int = 0
    failures: list["Trouble"] = field(default_factory=list)
    reports: dict[str, StreamReport] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def base_url(self) -> str:
        return self.vendor.server.base_url

    def source(self) -> Source:
        return self.spec.open(self.base_url, self.store, self.time, **self.changes)

    def run(self, *, window: TimeWindow | None = None) -> None:
        """Extract every stream, or one window of those that have windows."""
        self.runs += 1
        self.failures, self.reports = [], {}
        source = self.source()
        for stream in source.streams:
            if window is None or stream.is_windowed:
                self._extract(source, stream.name, window)

    def _extract(self, source: Source, stream: str, window: TimeWindow | None) -> None:
        try:
            report = source.extract(stream, run_id=f"run-{self.runs}", window=window)
        except ConnectorError as error:
            self.failures.append(Trouble(stream, None, None, error))
            return
        self.reports[stream] = report
        for failure in report.failures:
            self.failures.append(Trouble(stream, failure.scope, failure.parent_key, failure.error))

    def move_to(self, instant: datetime) -> None:
        """Let time pass on both sides."""
        self.vendor.move_to(instant)
        self.time.now = self.server_time.now = instant

    def current(self) -> Current:
        streams: Any = self.source().streams
        return current(self.store, streams, base_url=self.base_url)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A failure; without scope, the whole stream's."""

    stream: str
    scope: str | None
    parent_key: str | None
    error: ConnectorError


class StillTime(FakeTime):
    """A wall clock that stands while somebody waits: what is asked for does not depend on waits."""

    def monotonic(self) -> float:
        return self.now.timestamp() + self.slept_seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@dataclass
class ServerTime:
    """The server's clock, off by as much as a fault wants."""

    client: FakeTime
    client_is_ahead: timedelta = timedelta()

    @property
    def now(self) -> datetime:
        return self.client.now - self.client_is_ahead

    @now.setter
    def now(self, instant: datetime) -> None:
        self.client.now = instant + self.client_is_ahead


@contextmanager
def reading(
    spec: MatrixSource, *, at: datetime, folder: Path | None = None, **changes: Any
) -> Iterator[Reading]:
    """A source over an empty store, against the organisation at an instant."""
    time = StillTime(now=at)
    server_time = ServerTime(time)
    vendor = Vendor(at, token=spec.token, clock=lambda: server_time.now)
    with (
        TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as scratch,
        vendor.server,
        open_store(folder or Path(scratch)) as store,
    ):
        yield Reading(spec, vendor, store, time, server_time, changes=changes)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run without a fault amounts to: sets, cursors, and how many requests it took."""

    current: Current
    requests: int


@cache
def sound(name: str, moment: str) -> Outcome:
    """The same moment without a fault."""
    with reading(SOURCES[name], at=EARLIER if moment == "increment" else LATER) as read:
        before = prepare(read, moment)
        again(read, moment)
        assert read.failures == [], read.failures
        requests = len(read.vendor.server.requests) - before
        return Outcome(read.current(), requests)


@cache
def sound_later(name: str, moment: str) -> tuple[Current, Current]:
    """What there is a while after the moment: read for the first time, and read on from before."""
    begins_at = EARLIER if moment == "increment" else LATER
    with reading(SOURCES[name], at=LATER + A_WHILE) as fresh, reading(SOURCES[name], at=begins_at) as grown:
        fresh.run()
        prepare(grown, moment)
        again(grown, moment)
        grown.move_to(LATER + A_WHILE)
        grown.run()
        assert fresh.failures == grown.failures == []
        return fresh.current(), grown.current()


def prepare(read: Reading, moment: str) -> int:
    """Bring a source to just before the moment; the requests that it took."""
    if moment != "first run":
        read.run()
        assert read.failures == [], read.failures
    if moment == "increment":
        read.move_to(LATER)
    return len(read.vendor.server.requests)


def again(read: Reading, moment: str) -> None:
    """The run of the moment."""
    read.run(window=BACKFILL if moment == "backfill" else None)


def disturbed(read: Reading, moment: str, fault: Fault) -> None:
    """The run of the moment, under a fault."""
    case = Case(read.spec, read.vendor, sound(read.spec.name, moment).requests)
    read.vendor.disturb = fault.disturb(case)
    try:
        again(read, moment)
    finally:
        read.vendor.disturb = undisturbed
