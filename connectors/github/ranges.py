"""Workflow runs: a search by creation time that GitHub cuts off at 1,000 results.

Ranges are inclusive on both sides, in whole seconds of UTC, and aligned to days, so that the same request
on the same day can be answered "not modified". They are read oldest first, so the cursor moves with each
closed window. Runs change after they were created: the last days are read again each time, and unfinished
older ones one by one.
"""

import math
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from connectors.errors import PermanentSourceError
from connectors.events import Event, Resumption, WindowClosed, WindowOpened
from connectors.github.records import WorkflowRun
from connectors.http.instants import text_of
from connectors.http.reading import STALE_LINK_STATUSES, Reader
from connectors.http.rules import Bounds

MAX_RESULTS = 1000
"""Results of one search ("List workflow runs for a repository": up to 1,000 results for each search)."""

_FIRST_DAY = date(2018, 10, 16)  # GitHub Actions was announced that day: no run is older
_OVERLAP = timedelta(days=3)
_LONGEST_RUN = timedelta(days=35)  # a workflow run is cancelled after 35 days ("Usage limits")
_PART_RESULTS = 800
_DAY_SECONDS = 86_400
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Range:
    """From one second up to and including another."""

    first: datetime
    last: datetime

    @property
    def seconds(self) -> int:
        """How many seconds it spans."""
        return int((self.last - self.first).total_seconds()) + 1

    @property
    def created(self) -> str:
        """The search term."""
        return f"{text_of(self.first)}..{text_of(self.last)}"

    def split(self, total: int) -> list["Range"]:
        """Parts that hold about 800 results each, at whole days if the range spans several."""
        unit = _DAY_SECONDS if self.seconds > _DAY_SECONDS else 1
        parts = min(max(2, math.ceil(total / _PART_RESULTS)), math.ceil(self.seconds / unit))
        length = math.ceil(self.seconds / unit / parts) * unit
        starts = [self.first + timedelta(seconds=at) for at in range(0, self.seconds, length)]
        return [Range(start, min(start + timedelta(seconds=length) - _SECOND, self.last)) for start in starts]


@dataclass(slots=True)
class _State:
    """What the cursor holds: up to where ranges are complete, and the runs that may still change."""

    complete_until: datetime | None = None
    since: datetime | None = None
    unfinished: dict[str, str] = field(default_factory=dict)

    def observe(self, runs: Iterable[WorkflowRun]) -> None:
        for run in runs:
            if run.is_finished or run.created_at is None:
                self.unfinished.pop(str(run.id), None)
            else:
                self.unfinished[str(run.id)] = text_of(run.created_at)

    def advance(self, part: Range, *, started_at: datetime) -> None:
        """A range is read; its last days may still change, or have not ended, and are read again."""
        after = min(part.last + _SECOND, _midnight(started_at) - _OVERLAP)
        if self.complete_until is None or after > self.complete_until:
            self.complete_until = after

    def as_cursor(self) -> dict[str, Any]:
        return {
            "complete_until": text_of(self.complete_until),
            "since": text_of(self.since),
            "unfinished": dict(self.unfinished),
        }


async def read_ranges(reader: Reader, scope: str) -> AsyncGenerator[Event, None]:
    """The events of one repository: the window that broke off, then unfinished runs, then what is new."""
    settled, resumed = reader.cursor(scope)
    bounds = reader.bounds
    if reader.window is not None:
        again = Range(reader.window.start, reader.window.end - _SECOND)
        state = _state(settled, None, bounds)
        async for event in _read(reader, scope, again, state=state, settled=settled):
            yield event
        return
    state = _state(settled, resumed, bounds)
    if resumed is not None and resumed.requested_from and resumed.requested_until:
        broken = Range(resumed.requested_from, resumed.requested_until - _SECOND)
        try:
            async for event in _read(reader, scope, broken, state=state, resumed=resumed):
                yield event
        except PermanentSourceError as error:
            if error.status not in STALE_LINK_STATUSES:
                raise
    for wanted in _wanted(state, bounds, now=reader.clock()):
        async for event in _read(reader, scope, wanted, state=state):
            yield event


def _state(settled: dict[str, Any], resumed: Resumption | None, bounds: Bounds) -> _State:
    since = bounds.since_at
    reached_since = _instant(settled.get("since"))
    has_grown = reached_since is not None and (since is None or since < reached_since)
    unfinished = (resumed.progress if resumed else settled).get("unfinished", {})
    return _State(
        complete_until=None if has_grown else _instant(settled.get("complete_until")),
        since=since,
        unfinished=dict(unfinished),
    )


def _wanted(state: _State, bounds: Bounds, *, now: datetime) -> list[Range]:
    """Old unfinished runs, each with its own second, then everything from the overlap on."""
    midnight = _midnight(now)
    last = midnight + timedelta(days=1) - _SECOND
    if bounds.until_at is not None:
        last = min(last, bounds.until_at - _SECOND)
    start = bounds.since_at or datetime.combine(_FIRST_DAY, time(), UTC)
    if state.complete_until is not None:
        start = max(start, min(state.complete_until, midnight - _OVERLAP))
    oldest = now - _LONGEST_RUN
    instants = {datetime.fromisoformat(text) for text in state.unfinished.values()}
    seconds = sorted(instant for instant in instants if oldest <= instant < start)
    state.unfinished = {
        run: text for run, text in state.unfinished.items() if datetime.fromisoformat(text) >= oldest
    }
    ranges = [Range(second, second) for second in seconds]
    return [*ranges, Range(start, last)] if start <= last else ranges


class _TooManyResultsError(Exception):
    """A search holds more than it returns; nothing was taken from it."""

    def __init__(self, total: int) -> None:
        super().__init__(f"{total} results")
        self.total = total


async def _read(
    reader: Reader,
    scope: str,
    wanted: Range,
    *,
    state: _State,
    resumed: Resumption | None = None,
    settled: dict[str, Any] | None = None,
) -> AsyncGenerator[Event, None]:
    """Read a range, split as often as it takes; oldest part first. With `settled` the cursor stays that."""
    waiting = [wanted]
    while waiting:
        part = waiting.pop()
        try:
            async with aclosing(
                _window(reader, scope, part, state=state, resumed=resumed, settled=settled)
            ) as events:
                async for event in events:
                    yield event
        except _TooManyResultsError as error:
            waiting.extend(reversed(part.split(error.total)))
        resumed = None


async def _window(
    reader: Reader,
    scope: str,
    part: Range,
    *,
    state: _State,
    resumed: Resumption | None,
    settled: dict[str, Any] | None,
) -> AsyncGenerator[Event, None]:
    started_at = resumed.started_at if resumed else reader.clock()
    opening = WindowOpened(
        scope=scope,
        started_at=started_at,
        requested_from=part.first,
        requested_until=part.last + _SECOND,
        cursor=state.as_cursor() if settled is None else settled,
        resumed=resumed,
        is_resumable=settled is None,
    )
    is_open = resumed is not None
    if is_open:
        yield opening
    first = resumed.next_place if resumed else _url(reader, scope, part)
    if first is not None:
        async with aclosing(reader.chains.pages(first)) as pages:
            async for page in pages:
                listing = reader.chains.stored_listing(page)
                if not is_open:
                    _check_total(listing.claimed_total, part)
                    yield opening
                    is_open = True
                state.observe(listing.records)
                yield reader.arrived(page, scope, state.as_cursor())
    if settled is not None:
        yield WindowClosed(cursor=settled)
        return
    state.advance(part, started_at=started_at)
    yield WindowClosed(cursor=state.as_cursor())


def _url(reader: Reader, scope: str, part: Range) -> str:
    return reader.chains.url(reader.stream.path_for(scope, created=part.created))


def _check_total(total: int | None, part: Range) -> None:
    if total is not None and total > MAX_RESULTS and part.seconds > 1:
        raise _TooManyResultsError(total)


def _midnight(instant: datetime) -> datetime:
    """The beginning of its day."""
    return datetime.combine(instant.astimezone(UTC).date(), time(), UTC)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
