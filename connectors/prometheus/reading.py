"""Read a range query slice by slice: each slice is a set, and its newest complete reading is the slice."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connectors.errors import PermanentSourceError
from connectors.events import Event, WindowClosed, WindowOpened
from connectors.evidence import EvidenceStore
from connectors.http.instants import instant_of, latest, text_of
from connectors.http.lanes import Unit
from connectors.http.reading import Reader
from connectors.http.rules import Bounds
from connectors.prometheus.settings import PrometheusSettings, SampledQuery
from connectors.prometheus.slices import (
    Grid,
    Horizon,
    Slice,
    ceiled,
    is_fading,
    last_instant,
    new_slices,
    slices_between,
)

_MILLISECOND = timedelta(milliseconds=1)
_COMPLETE, _SINCE, _READ, _DEFINITION = "complete_until", "since", "read_until", "definition"


@dataclass(frozen=True, slots=True)
class RangeReader:
    """Reads a stream of range queries; each query is a scope.

    Attributes:
        settings: Retention, overlap and delay.
        queries: What to read.
    """

    settings: PrometheusSettings
    queries: tuple[SampledQuery, ...]

    def __call__(self, reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
        """One chain of slices for each query."""
        del store
        for query in self.queries:
            yield Unit(query.name, partial(self._events, reader, query))

    async def _events(self, reader: Reader, query: SampledQuery) -> AsyncGenerator[Event, None]:
        settled, _ = reader.cursor(query.name)
        _check_definition(reader, query, settled)
        horizon = horizon_of(self.settings, reader.bounds, now=reader.clock())
        for part in self._wanted(reader, query, horizon, settled=settled):
            async with aclosing(_read(reader, query, part, horizon=horizon, settled=settled)) as events:
                async for event in events:
                    yield event
                    if isinstance(event, WindowClosed) and event.cursor is not None:
                        settled = dict(event.cursor)

    def _wanted(
        self, reader: Reader, query: SampledQuery, horizon: Horizon, *, settled: Mapping[str, Any]
    ) -> list[Slice]:
        grid = grid_of(query)
        read_until = instant_of(settled.get(_READ))
        if reader.window is None:
            overlap = timedelta(minutes=self.settings.overlap_minutes)
            return new_slices(
                grid,
                horizon,
                complete_until=_complete_until(settled, horizon),
                read_until=read_until,
                overlap=overlap,
            )
        wanted = list(slices_between(grid, horizon, reader.window.start, reader.window.end))
        is_forgotten = reader.window.end <= horizon.remembered_from
        if is_forgotten or any(is_fading(part, horizon, read_until) for part in wanted):
            raise PermanentSourceError(
                f"The window from {text_of(reader.window.start)} cannot be read: the server keeps "
                f"{self.settings.retention_days} days, so it would answer with less than there was. What was "
                "read before stays. Choose a later window, or raise retention_days if the server keeps more.",
                source=reader.source,
                stream=reader.stream.name,
            )
        return wanted


def grid_of(query: SampledQuery) -> Grid:
    """The instants of a query."""
    return Grid(timedelta(seconds=query.step_seconds), timedelta(seconds=query.slice_seconds))


def horizon_of(settings: PrometheusSettings, bounds: Bounds, *, now: datetime) -> Horizon:
    """What can be asked for now."""
    until = bounds.until_at
    end = now - timedelta(seconds=settings.delay_seconds)
    return Horizon(
        since=bounds.since_at,
        end=end if until is None else min(end, until),
        remembered_from=now - timedelta(days=settings.retention_days),
    )


def range_parameters(query: SampledQuery, part: Slice) -> dict[str, str]:
    """The parameters of a range query, whose end is inclusive: it is the last instant of the slice."""
    return {
        "query": query.query,
        "start": text_of(part.start),
        "end": text_of(last_instant(grid_of(query), part)),
        "step": str(query.step_seconds),
    }


def count_parameters(query: SampledQuery, *, start: datetime, end: datetime) -> dict[str, str]:
    """The parameters of a query that counts the samples that a range query would give in [start, end).

    A subquery is evaluated at multiples of its step since the epoch, as range queries are asked for here. Its
    range begins a millisecond early, for servers of version 3 leave out what stands right at its beginning.
    """
    last = max(start, ceiled(end, grid_of(query).step) - grid_of(query).step)
    milliseconds = round((last - start) / _MILLISECOND) + 1
    counted = f"count_over_time(({query.query})[{milliseconds}ms:{query.step_seconds}s])"
    return {"query": f"scalar(sum({counted}) or vector(0))", "time": text_of(last)}


async def _read(
    reader: Reader,
    query: SampledQuery,
    part: Slice,
    *,
    horizon: Horizon,
    settled: Mapping[str, Any],
) -> AsyncGenerator[Event, None]:
    yield WindowOpened(
        scope=query.name,
        started_at=reader.clock(),
        parent_key=f"{text_of(part.cell)}/{query.step_seconds}",
        requested_from=part.start,
        requested_until=part.end,
        cursor=settled,
        is_resumable=False,
    )
    place = reader.chains.url(reader.stream.path_for(query.name, **range_parameters(query, part)))
    async with aclosing(reader.chains.pages(place)) as pages:
        async for page in pages:
            yield reader.arrived(page, query.name, {})
    yield WindowClosed(cursor=_advanced(reader, settled, query, horizon=horizon, part=part))


def _check_definition(reader: Reader, query: SampledQuery, settled: Mapping[str, Any]) -> None:
    known = settled.get(_DEFINITION)
    if known is None or known == _definition(query):
        return
    changed = ", ".join(key for key, value in _definition(query).items() if known.get(key) != value)
    raise PermanentSourceError(
        f"The query {query.name} is not what it was when its first samples were read: {changed} changed. "
        "Samples that were measured in two ways must not stand under one name. Give the new query another "
        "name; the samples of the old one stay.",
        source=reader.source,
        stream=reader.stream.name,
    )


def _definition(query: SampledQuery) -> dict[str, Any]:
    return {
        "query": query.query,
        "step_seconds": query.step_seconds,
        "slice_points": query.slice_points,
    }


def _complete_until(settled: Mapping[str, Any], horizon: Horizon) -> datetime | None:
    """Up to where slices are complete, unless the settings now ask for more history than then."""
    reached_since = instant_of(settled.get(_SINCE))
    if reached_since is not None and (horizon.since is None or horizon.since < reached_since):
        return None
    return instant_of(settled.get(_COMPLETE))


def _advanced(
    reader: Reader, settled: Mapping[str, Any], query: SampledQuery, *, horizon: Horizon, part: Slice
) -> dict[str, Any]:
    """The cursor after a slice; one that was asked for by its window leaves it where a run goes on.

    Nothing is complete that the server's own clock has not reached.
    """
    read_until = latest([instant_of(settled.get(_READ)), part.end])
    known = {_READ: text_of(read_until), _DEFINITION: _definition(query)}
    if reader.window is not None:
        return {**settled, **known}
    reached = latest([_complete_until(settled, horizon), min(part.end, reader.now())])
    return {_COMPLETE: text_of(reached), _SINCE: text_of(horizon.since), **known}
