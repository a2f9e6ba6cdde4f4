"""Read an API that serves windows of time: each window once, the last ones again, one of them on request.

Windows are half open, [start, end), aligned, and read oldest first, so that the cursor moves with each window
that closes. A window whose claimed total is more than the API returns is split before anything is taken from
it. Nothing newer than the last aligned instant before now is asked for: it comes with the next run.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.errors import PermanentSourceError
from connectors.events import Event, Resumption, WindowClosed, WindowOpened
from connectors.http.instants import instant_of, latest, text_of
from connectors.http.reading import STALE_LINK_STATUSES, Reader
from connectors.http.streams import Windows
from connectors.streams import TimeWindow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def read_windows(reader: Reader, scope: str) -> AsyncGenerator[Event, None]:
    """The events of one scope: the window that broke off, then what is new; or one window again."""
    settled, resumed = reader.cursor(scope)
    if reader.window is not None:
        wanted = _asked_for(_windows(reader), reader.window)
        async for event in _read_all(reader, scope, wanted, settled=settled, is_again=True):
            yield event
        return
    if resumed is not None and resumed.requested_from and resumed.requested_until:
        broken = TimeWindow(resumed.requested_from, resumed.requested_until)
        try:
            async for event in _window(reader, scope, broken, settled=settled, resumed=resumed):
                yield event
                if isinstance(event, WindowClosed):
                    settled = dict(event.cursor or {})
        except PermanentSourceError as error:
            if error.status not in STALE_LINK_STATUSES:
                raise
    async for event in _read_all(reader, scope, _new(reader, settled), settled=settled):
        yield event


def _windows(reader: Reader) -> Windows:
    if reader.stream.windows is None:
        raise TypeError(f"the stream {reader.stream.name} is read by windows and declares none")
    return reader.stream.windows


def _new(reader: Reader, settled: dict[str, Any]) -> list[TimeWindow]:
    """Everything from the overlap before what is complete, or from the first day wanted, until now."""
    windows, bounds = _windows(reader), reader.bounds
    end = _floored(reader.clock(), windows.alignment)
    if bounds.until_at is not None:
        end = min(end, bounds.until_at)
    first = latest([windows.first, bounds.since_at]) if bounds.since_at else windows.first
    known = _complete_until(reader, settled)
    start = max(first, known - windows.overlap) if known and first else first
    if start is None or start >= end:
        return []
    return _cut(windows, TimeWindow(start, end))


def _complete_until(reader: Reader, settled: dict[str, Any]) -> datetime | None:
    """Up to where windows are complete, unless the settings now ask for more history than then."""
    reached_since, since = instant_of(settled.get("since")), reader.bounds.since_at
    if reached_since is not None and (since is None or since < reached_since):
        return None
    return instant_of(settled.get("complete_until"))


def _asked_for(windows: Windows, window: TimeWindow) -> list[TimeWindow]:
    """The window that was asked for, widened to aligned instants."""
    end = _floored(window.end, windows.alignment)
    if end < window.end:
        end += windows.alignment
    return _cut(windows, TimeWindow(_floored(window.start, windows.alignment), end))


def _cut(windows: Windows, window: TimeWindow) -> list[TimeWindow]:
    """Parts of at most the longest length; cells of exactly that length where a window is a set."""
    start = _floored(window.start, windows.longest if windows.is_set else windows.alignment)
    parts = []
    while start < window.end:
        end = start + windows.longest if windows.is_set else min(start + windows.longest, window.end)
        parts.append(TimeWindow(start, end))
        start = end
    return parts


def _halves(windows: Windows, window: TimeWindow) -> list[TimeWindow]:
    middle = _floored(window.start + (window.end - window.start) / 2, windows.alignment)
    if middle <= window.start:
        return [window]
    return [TimeWindow(window.start, middle), TimeWindow(middle, window.end)]


def _floored(instant: datetime, unit: timedelta) -> datetime:
    return instant - (instant - _EPOCH) % unit


class _TooManyResultsError(Exception):
    """A window holds more than the API returns; nothing was taken from it."""


async def _read_all(
    reader: Reader,
    scope: str,
    wanted: list[TimeWindow],
    *,
    settled: dict[str, Any],
    is_again: bool = False,
) -> AsyncGenerator[Event, None]:
    waiting = list(reversed(wanted))
    while waiting:
        part = waiting.pop()
        try:
            async with aclosing(_window(reader, scope, part, settled=settled, is_again=is_again)) as events:
                async for event in events:
                    yield event
                    if isinstance(event, WindowClosed) and event.cursor is not None:
                        settled = dict(event.cursor)
        except _TooManyResultsError:
            waiting.extend(reversed(_halves(_windows(reader), part)))


async def _window(
    reader: Reader,
    scope: str,
    part: TimeWindow,
    *,
    settled: dict[str, Any],
    resumed: Resumption | None = None,
    is_again: bool = False,
) -> AsyncGenerator[Event, None]:
    windows = _windows(reader)
    opening = WindowOpened(
        scope=scope,
        started_at=reader.clock(),
        parent_key=text_of(part.start) if windows.is_set else None,
        requested_from=part.start,
        requested_until=part.end,
        cursor=settled,
        resumed=resumed,
        is_resumable=not (is_again or windows.is_set),
    )
    is_open = resumed is not None
    if is_open:
        yield opening
    first = resumed.next_place if resumed else _place(reader, scope, part)
    if first is not None:
        async with aclosing(reader.chains.pages(first)) as pages:
            async for page in pages:
                arrived = reader.arrived(page, scope, {})
                if not is_open:
                    if _is_cut_off(windows, part, arrived.claimed_total):
                        raise _TooManyResultsError
                    yield opening
                    is_open = True
                yield arrived
    yield WindowClosed(cursor=settled if is_again else _advanced(reader, settled, part))


def _is_cut_off(windows: Windows, part: TimeWindow, total: int | None) -> bool:
    if windows.max_results is None or total is None or total <= windows.max_results:
        return False
    return len(_halves(windows, part)) > 1


def _place(reader: Reader, scope: str, part: TimeWindow) -> str:
    parameters = _windows(reader).parameters(part.start, part.end)
    return reader.chains.url(reader.stream.path_for(scope, **parameters))


def _advanced(reader: Reader, settled: dict[str, Any], part: TimeWindow) -> dict[str, Any]:
    """The cursor after a window; it never goes back, and a window that is not over counts up to now.

    Now is the server's, so that a clock of ours that is hours ahead leaves nothing out.
    """
    end = min(part.end, _floored(reader.now(), _windows(reader).alignment))
    reached = latest([_complete_until(reader, settled), end])
    return {"complete_until": text_of(reached), "since": text_of(reader.bounds.since_at)}
