"""What a backfill fetches again: which streams of a source, of which days, and what follows them."""

import difflib
import math
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from connectors.settings import HttpSettings
from connectors.sources import SOURCE_KINDS
from connectors.streams import Stream, TimeWindow
from orchestration.errors import UsageError
from orchestration.settings import Settings, SourceSettings
from orchestration.sources import enabled_streams

FIRST_DAY = date(2015, 1, 1)
"""Where a source does not say since when: before this, hardly any of these APIs existed."""

RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
"""Dagster's own tags of a run that covers a range of partitions; the end is inclusive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """Some days of some streams.

    Attributes:
        source: Name of the source.
        streams: Streams whose days are fetched again.
        followers: Streams that are fetched for records of those: they go on from their own cursors.
        first: The first day, in UTC.
        until: The first day after the last.
    """

    source: str
    streams: tuple[str, ...]
    followers: tuple[str, ...]
    first: date
    until: date

    @property
    def window(self) -> TimeWindow:
        """The days as instants."""
        return TimeWindow(_midnight(self.first), _midnight(self.until))

    def range_tags(self) -> dict[str, str]:
        """Return the days as the tags of one run of Dagster."""
        return {
            RANGE_START: self.first.isoformat(),
            RANGE_END: (self.until - timedelta(days=1)).isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class BackfillEstimate:
    """What fetching a stream's days again costs.

    Attributes:
        stream: The stream.
        scopes: Places that were read before: repositories, projects, the whole site.
        known_pages: Pages that fetching these days took before; 0 if they never were.
        requests: Requests at least.
    """

    stream: str
    scopes: int
    known_pages: int
    requests: int

    def to_document(self) -> dict[str, Any]:
        """Return the JSON form."""
        return asdict(self)


def first_day(settings: Settings) -> date:
    """Return the first day that can be fetched again: the earliest `since` of sources that serve windows."""
    days = [
        source.since or FIRST_DAY
        for source in settings.sources
        if isinstance(source, HttpSettings) and any(stream.is_windowed for stream in enabled_streams(source))
    ]
    return min(days, default=FIRST_DAY)


def plan_backfill(settings: Settings, target: str, *, first: date, until: date, today: date) -> Backfill:
    """Say what a backfill of SOURCE or SOURCE.STREAM fetches.

    Args:
        settings: The workspace's settings.
        target: The name of a source, or of a source and a stream with a dot between.
        first: The first day.
        until: The first day after the last.
        today: The present day in UTC, which is not over.

    Raises:
        UsageError: there is no such source or stream, its API serves no windows, or the days make no sense.
    """
    source, stream = _target(settings, target)
    enabled = enabled_streams(source)
    windowed = [each.name for each in enabled if each.is_windowed]
    if not windowed:
        raise UsageError(
            f"No stream of {source.name} can be fetched by days: {_those_that_can(settings)}. "
            "Others go on from their cursors with assay run"
        )
    if stream is not None and stream not in windowed:
        raise UsageError(
            f"{source.name}.{stream} cannot be fetched by days, for its API serves no windows of time. "
            f"Of {source.name} these can: {', '.join(windowed)}. "
            "Others go on from their cursors with assay run"
        )
    streams = (stream,) if stream else tuple(windowed)
    _check_days(first, until, today=today)
    _check_first(first, source, [each for each in enabled if each.name in streams])
    return Backfill(
        source=source.name,
        streams=streams,
        followers=_followers(enabled, streams),
        first=first,
        until=until,
    )


def estimate_backfill(settings: Settings, backfill: Backfill, windows: pa.Table) -> list[BackfillEstimate]:
    """Derive from evidence, without a request, what a backfill costs at least.

    Args:
        settings: The workspace's settings.
        backfill: What is to be fetched.
        windows: All windows that were ever closed.
    """
    source = next(source for source in settings.sources if source.name == backfill.source)
    declared = {stream.name: stream for stream in enabled_streams(source)}
    return [_estimate(declared[name], backfill, windows) for name in backfill.streams]


def _estimate(stream: Stream, backfill: Backfill, windows: pa.Table) -> BackfillEstimate:
    window = backfill.window
    is_mine = pc.and_(pc.equal(windows["source"], backfill.source), pc.equal(windows["stream"], stream.name))
    mine = windows.filter(is_mine)
    scopes = len(pc.unique(mine["scope"]))
    touched = mine.filter(
        pc.and_(
            pc.less(mine["requested_from"], pa.scalar(window.end)),
            pc.greater(mine["requested_until"], pa.scalar(window.start)),
        )
    )
    known_pages = len({index for pages in touched["page_indexes"].to_pylist() for index in pages})
    declared = getattr(stream, "windows", None)
    parts = math.ceil((window.end - window.start) / declared.longest) if declared is not None else 1
    return BackfillEstimate(
        stream=stream.name,
        scopes=scopes,
        known_pages=known_pages,
        requests=max(parts * max(scopes, 1), known_pages),
    )


def _target(settings: Settings, target: str) -> tuple[SourceSettings, str | None]:
    by_name = {source.name: source for source in settings.sources}
    if target in by_name:
        return by_name[target], None
    name, _, stream = target.rpartition(".")
    source = by_name.get(name)
    if source is None:
        raise UsageError(f"There is no source {name or target!r}. {_near(name or target, list(by_name))}")
    known = [each.name for each in enabled_streams(source)]
    if stream not in known:
        raise UsageError(f"{name} has no stream {stream!r}. {_near(stream, known)}")
    return source, stream


def _near(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known: {', '.join(known)}"


def _those_that_can(settings: Settings) -> str:
    names = [
        f"{source.name}.{stream.name}"
        for source in settings.sources
        for stream in enabled_streams(source)
        if stream.is_windowed
    ]
    return f"those that can are {', '.join(names)}" if names else "no source here has one that can"


def _check_days(first: date, until: date, *, today: date) -> None:
    if first >= until:
        raise UsageError(f"--until {until} does not come after --from {first}: the end is exclusive")
    if until > today:
        raise UsageError(
            f"--until {until} lies ahead: only days that are over (in UTC) can be fetched again, so at most "
            f"{today}. What is newer comes with assay run"
        )


def _check_first(first: date, source: SourceSettings, streams: list[Stream]) -> None:
    """Refuse days from before the source's first: the one that the settings name, or that of its kind."""
    since = source.since if isinstance(source, HttpSettings) else None
    own = min(_first_of(stream) for stream in streams)
    if since is not None and since >= own and first < since:
        raise UsageError(
            f"--from {first} lies before {since}, the first day that the settings ask for. Move `since` of "
            f"{source.name} back, then run"
        )
    if first < own:
        kind = SOURCE_KINDS[source.kind].title
        raise UsageError(
            f"--from {first} lies before {own}, the first day that is read from {kind}. Give --from {own}"
        )


def _first_of(stream: Stream) -> date:
    """Return the first day of which a stream can hold anything."""
    declared = getattr(stream, "windows", None)
    return max(FIRST_DAY, declared.first.date()) if declared is not None else FIRST_DAY


def _followers(enabled: tuple[Stream, ...], streams: tuple[str, ...]) -> tuple[str, ...]:
    """Return the streams below the chosen ones that go on from cursors of their own."""
    above, found = set(streams), []
    for stream in enabled:
        if stream.parent in above and stream.name not in above and not stream.is_windowed:
            above.add(stream.name)
            found.append(stream.name)
    return tuple(found)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
