"""Read many chains at once, commit them in their declared order.

Each unit of work (a repository's listing, one pull request's reviews) runs in a lane of its own. Lanes run
side by side, but what they yield is taken in unit order, so two runs over the same answers leave the same
log. Lanes that are ahead wait when too many bytes are buffered; the first lane waits only while a batch is
being written, so there is always progress.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from connectors.committer import Committer
from connectors.errors import (
    ConnectorError,
    CredentialsRejectedError,
    PermanentSourceError,
    TransientSourceError,
    UnreachableSourceError,
)
from connectors.events import Event, PageArrived, WindowClosed, WindowOpened
from connectors.reports import ScopeFailure

_BUFFERED_BYTES = 4 * 1024 * 1024
_LANES_AHEAD = 512
_FAILURES_IN_A_ROW = 5
_HOPELESS = (CredentialsRejectedError, UnreachableSourceError)
"""Where one chain ends like this, none of the others will fare better."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One chain of pages.

    Attributes:
        scope: Repository or organisation.
        events: Starts reading.
        parent_key: The parent that it is about, if any.
    """

    scope: str
    events: Callable[[], AsyncGenerator[Event, None]]
    parent_key: str | None = None


def nothing_due(scope: str, clock: Callable[[], datetime]) -> Unit:
    """What is left of a place of which nothing is due: a window without a page says that it was seen to.

    Without it, a stream that is read by what another one names would look as if nobody had read it since.
    """
    return Unit(scope, partial(_nothing, scope, clock))


async def _nothing(scope: str, clock: Callable[[], datetime]) -> AsyncGenerator[Event, None]:
    yield WindowOpened(scope=scope, started_at=clock(), is_resumable=False)
    yield WindowClosed()


@dataclass(slots=True)
class _Lane:
    unit: Unit
    events: deque[Event] = field(default_factory=deque)
    error: Exception | None = None
    is_done: bool = False
    task: asyncio.Task[None] | None = None


class Lanes:
    """Runs units side by side and hands their events to the committer in unit order.

    Args:
        committer: Takes the events.
        concurrency: How many units read at once.
        on_progress: Called after each batch and, for quiet streams, after each unit.
    """

    def __init__(self, committer: Committer, *, concurrency: int, on_progress: Callable[[], None]) -> None:
        self._committer = committer
        self._concurrency = concurrency
        self._on_progress = on_progress
        self._lanes: deque[_Lane] = deque()
        self._reading = 0
        self._buffered_bytes = 0
        self._is_writing = False
        self._has_news = asyncio.Event()
        self._has_room = asyncio.Event()
        self._failures_in_a_row = 0
        self._successes = 0

    async def run(self, units: Iterable[Unit]) -> None:
        """Read all units; what was read is committed even if this ends early.

        Raises:
            CredentialsRejectedError: The source does not accept the token.
            UnreachableSourceError: No connection to the source comes about any more.
            TransientSourceError: Unit after unit fails for now, or all of them did.
        """
        waiting = iter(units)
        try:
            self._start(waiting)
            while self._lanes:
                if not await self._drain_first():
                    await self._wait_for_news()
                self._start(waiting)
        finally:
            await self._stop()
            self._committer.abandon_window()
            self._committer.commit()
            self._on_progress()
        self._raise_if_nothing_succeeded()

    def _start(self, waiting: Iterator[Unit]) -> None:
        while (
            self._reading < self._concurrency
            and len(self._lanes) < self._concurrency + _LANES_AHEAD
            and (self._buffered_bytes < _BUFFERED_BYTES or not self._lanes)
        ):
            unit = next(waiting, None)
            if unit is None:
                return
            lane = _Lane(unit)
            self._lanes.append(lane)
            self._reading += 1
            self._committer.tally.units_total += 1
            lane.task = asyncio.create_task(self._read(lane))

    async def _read(self, lane: _Lane) -> None:
        try:
            async with aclosing(lane.unit.events()) as events:
                async for event in events:
                    lane.events.append(event)
                    self._buffered_bytes += _weight(event)
                    self._has_news.set()
                    await self._wait_for_room(lane)
        except Exception as error:  # noqa: BLE001 - told in unit order, when this lane's turn comes
            lane.error = error
        finally:
            lane.is_done = True
            self._reading -= 1
            self._has_news.set()

    async def _wait_for_room(self, lane: _Lane) -> None:
        while self._buffered_bytes >= _BUFFERED_BYTES and (self._is_writing or self._lanes[0] is not lane):
            self._has_room.clear()
            await self._has_room.wait()

    async def _drain_first(self) -> bool:
        """Take what the first lane has; whether there was anything to do."""
        lane = self._lanes[0]
        is_done = lane.is_done
        had_events = bool(lane.events)
        while lane.events:
            event = lane.events.popleft()
            self._buffered_bytes -= _weight(event)
            self._committer.take(event)
            if self._committer.is_full:
                await self._commit()
        if is_done:
            self._lanes.popleft()
            self._finish(lane)
        if is_done or had_events:
            self._has_room.set()
        return is_done or had_events

    async def _wait_for_news(self) -> None:
        """Wait for any lane; while all of them wait for a limit, commit what there is."""
        try:
            async with asyncio.timeout(self._committer.limits.seconds):
                await self._has_news.wait()
        except TimeoutError:
            if self._committer.is_full:
                await self._commit()
        self._has_news.clear()

    async def _commit(self) -> None:
        """Commit beside the lanes; a cancellation waits until the batch is written."""
        self._is_writing = True
        writing = asyncio.ensure_future(asyncio.to_thread(self._committer.commit))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            await asyncio.wait([writing])
            raise
        finally:
            self._is_writing = False
            self._has_room.set()
        self._on_progress()

    def _finish(self, lane: _Lane) -> None:
        self._committer.tally.units_done += 1
        if lane.error is None:
            self._failures_in_a_row = 0
            self._successes += 1
            self._on_progress()
            return
        self._committer.abandon_window()
        if not isinstance(lane.error, ConnectorError) or isinstance(lane.error, _HOPELESS):
            raise lane.error
        failure = ScopeFailure(lane.unit.scope, lane.error, lane.unit.parent_key)
        self._committer.tally.failures.append(failure)
        if isinstance(lane.error, PermanentSourceError):
            return
        self._failures_in_a_row += 1
        if self._failures_in_a_row >= _FAILURES_IN_A_ROW:
            raise TransientSourceError(
                f"{self._failures_in_a_row} chains of pages in a row failed, so the rest was not tried. "
                f"The last one said: {lane.error.message}",
                source=lane.error.source,
                stream=lane.error.stream,
                page=lane.error.page,
            ) from lane.error

    def _raise_if_nothing_succeeded(self) -> None:
        failures = self._committer.tally.failures
        if failures and not self._successes and all(failure.is_transient for failure in failures):
            raise failures[-1].error

    async def _stop(self) -> None:
        tasks = [lane.task for lane in self._lanes if lane.task is not None and not lane.task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._lanes.clear()


def _weight(event: Event) -> int:
    return len(event.body) if isinstance(event, PageArrived) else 0
