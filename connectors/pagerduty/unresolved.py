"""Incidents by windows of their creation, and those that were still open again until they are resolved.

PagerDuty filters incidents by creation and by nothing else that helps: an incident that was open when its
window was read would stay open for ever. So the cursor remembers every incident that was last seen open. A
run reads what is new, then lists which incidents of the older windows are open still, and reads those again
that have left that list. Both cost nothing while no older incident is open.
"""

from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connectors.events import Event, PageArrived, WindowClosed, WindowOpened
from connectors.evidence import EvidenceStore
from connectors.http.instants import text_of
from connectors.http.lanes import Unit
from connectors.http.listings import listing_reader
from connectors.http.reading import Reader
from connectors.http.streams import Windows
from connectors.http.windows import read_windows
from connectors.pagerduty.records import Incident
from connectors.pagerduty.streams import created_within
from connectors.streams import TimeWindow

ACCOUNT = "account"
OPEN_STATUSES = ("triggered", "acknowledged")
_UNRESOLVED = "unresolved"
_MINUTE = timedelta(minutes=1)
_DAY = timedelta(days=1)


@dataclass(slots=True)
class _Known:
    """What this run knows: the cursor, the incidents that were last seen open, and those seen in this run."""

    cursor: dict[str, Any]
    unresolved: dict[str, datetime]
    seen: set[str] = field(default_factory=set)

    def observe(self, incidents: Iterable[Incident]) -> None:
        for incident in incidents:
            self.seen.add(incident.id)
            if incident.is_resolved:
                self.unresolved.pop(incident.id, None)
            else:
                self.unresolved[incident.id] = incident.created_at

    def unseen(self) -> dict[str, datetime]:
        return {key: at for key, at in self.unresolved.items() if key not in self.seen}

    def forget(self, window: TimeWindow) -> None:
        """Drop what is about to be read again: it comes back if it is there and open."""
        for key, at in self.unseen().items():
            if window.start <= at < window.end:
                del self.unresolved[key]

    def noted(self) -> dict[str, dict[str, str]]:
        return {_UNRESOLVED: {key: text_of(at) for key, at in sorted(self.unresolved.items())}}


def incident_units(reader: Reader, _store: EvidenceStore) -> Iterator[Unit]:
    """All incidents of the account, in one chain: each step rests on the one before."""
    yield Unit(ACCOUNT, partial(read_incidents, reader))


async def read_incidents(reader: Reader) -> AsyncGenerator[Event, None]:
    """What is new, then what was open and may be over; or just one window again."""
    known = _known(reader)
    events = _noting(reader, known, read_windows(reader, ACCOUNT), leads=reader.window is None)
    async for event in events:
        yield event
    if reader.window is not None:
        return
    unseen = known.unseen()
    if unseen:
        async for event in _still_open(reader, known, unseen.values()):
            yield event
    for window in _days_of(known.unseen().values()):
        known.forget(window)
        async for event in _again(reader, known, window):
            yield event


def _known(reader: Reader) -> _Known:
    settled, resumed = reader.cursor(ACCOUNT)
    noted = (resumed.progress if resumed else settled).get(_UNRESOLVED, {})
    return _Known(dict(settled), {key: datetime.fromisoformat(text) for key, text in noted.items()})


async def _still_open(
    reader: Reader, known: _Known, created: Iterable[datetime]
) -> AsyncGenerator[Event, None]:
    """Which incidents of the older windows are open. No range is claimed: the listing holds a part of it."""
    windows = _declared(reader)

    def open_within(start: datetime, end: datetime) -> dict[str, Any]:
        return {**created_within(start, end), "statuses[]": OPEN_STATUSES}

    stream = replace(reader.stream, windows=replace(windows, parameters=open_within))
    listing = replace(reader, stream=stream)
    async for event in _again(listing, known, TimeWindow(min(created), max(created) + _MINUTE)):
        if isinstance(event, WindowOpened):
            yield replace(event, requested_from=None, requested_until=None)
        else:
            yield event


async def _again(reader: Reader, known: _Known, window: TimeWindow) -> AsyncGenerator[Event, None]:
    events = read_windows(replace(reader, window=window), ACCOUNT)
    async for event in _noting(reader, known, events, leads=False):
        yield event


async def _noting(
    reader: Reader, known: _Known, events: AsyncGenerator[Event, None], *, leads: bool
) -> AsyncGenerator[Event, None]:
    """The same events, with what is open in their cursors; only one that leads moves the cursor on."""
    read = listing_reader(reader.stream)
    async with aclosing(events):
        async for event in events:
            match event:
                case WindowOpened():
                    yield replace(event, cursor=known.cursor)
                case PageArrived():
                    body = event.body if event.reused is None else reader.store.page(event.reused).body
                    known.observe(read(body).records)
                    yield replace(event, progress=known.noted())
                case WindowClosed():
                    if leads:
                        known.cursor = dict(event.cursor or {})
                    known.cursor |= known.noted()
                    yield replace(event, cursor=known.cursor)
                case _:
                    yield event


def _declared(reader: Reader) -> Windows:
    if reader.stream.windows is None:
        raise TypeError(f"the stream {reader.stream.name} declares no windows")
    return reader.stream.windows


def _days_of(created: Iterable[datetime]) -> list[TimeWindow]:
    """Short windows around instants: those of one day share one."""
    windows: list[TimeWindow] = []
    for instant in sorted(created):
        if windows and instant - windows[-1].start < _DAY:
            windows[-1] = TimeWindow(windows[-1].start, instant + _MINUTE)
        else:
            windows.append(TimeWindow(instant, instant + _MINUTE))
    return windows
