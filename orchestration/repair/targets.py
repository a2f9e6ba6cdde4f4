"""What the user asks to be repaired, held against what there is: unknown names are refused with near ones."""

import difflib
from collections.abc import Collection
from datetime import date, datetime, time, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from connectors.committer import split_cursor
from connectors.evidence import EvidenceStore
from connectors.settings import HttpSettings
from connectors.streams import Place, Stream, TimeWindow
from orchestration.errors import UsageError
from orchestration.repair.repairing import RepairStep, instant_of
from orchestration.settings import Settings, SourceSettings
from orchestration.sources import enabled_streams

_NAMES_SHOWN = 10


def step_for(
    settings: Settings,
    store: EvidenceStore,
    target: str,
    *,
    scope: str | None,
    parent_key: str | None,
    first: str | None,
    until: str | None,
    now: datetime,
) -> RepairStep:
    """Say what a repair of SOURCE.STREAM at a place reads again.

    Args:
        settings: The workspace's settings.
        store: The evidence, which knows scopes and parents.
        target: Name of the source, a dot, name of the stream.
        scope: The repository, project or site; None for every one.
        parent_key: The parent whose own list is read again.
        first: Start of the window of time, as a day or an instant.
        until: Its end, which does not belong to it.
        now: The present instant.

    Raises:
        UsageError: There is no such stream, scope, parent or window.
    """
    source, stream = _stream_of(settings, target)
    windows = store.windows()
    is_mine = pc.and_(pc.equal(windows["source"], source.name), pc.equal(windows["stream"], stream.name))
    mine = windows.filter(is_mine)
    name = f"{source.name}.{stream.name}"
    if scope is not None:
        _check_scope(name, scope, _known_scopes(source, stream, windows))
    if parent_key is not None:
        _check_parent(name, source, stream, store, parent_key=parent_key, scope=scope, mine=mine)
    since = source.since if isinstance(source, HttpSettings) else None
    window = _window_of(name, stream, first, until, now=now, mine=mine, since=since)
    return RepairStep(source=source.name, stream=stream.name, place=Place(scope, parent_key), window=window)


def _stream_of(settings: Settings, target: str) -> tuple[SourceSettings, Stream]:
    sources = {source.name: source for source in settings.sources}
    name, _, stream_name = target.rpartition(".")
    if target in sources:
        names = ", ".join(f"{target}.{stream.name}" for stream in enabled_streams(sources[target]))
        raise UsageError(f"Name the stream that is to be repaired as well: {names}")
    source = sources.get(name)
    if source is None:
        raise UsageError(f"There is no source {name or target!r}. {_near(name or target, sources)}")
    streams = {stream.name: stream for stream in enabled_streams(source)}
    if stream_name not in streams:
        raise UsageError(f"{name} has no stream {stream_name!r}. {_near(stream_name, streams)}")
    return source, streams[stream_name]


def _known_scopes(source: SourceSettings, stream: Stream, windows: pa.Table) -> set[str]:
    """Where the stream, or what it is fetched for, was read before, and what the settings list."""
    is_near = pc.is_in(windows["stream"], pa.array([stream.name, stream.parent or stream.name]))
    near = windows.filter(pc.and_(pc.equal(windows["source"], source.name), is_near))
    return {*near["scope"].to_pylist(), *source.listed_repositories}


def _check_scope(name: str, scope: str, known: Collection[str]) -> None:
    if scope not in known:
        raise UsageError(
            f"{name} was never read in {scope!r}. {_near(scope, known)}. What is new comes with assay run"
        )


def _check_parent(
    name: str,
    source: SourceSettings,
    stream: Stream,
    store: EvidenceStore,
    *,
    parent_key: str,
    scope: str | None,
    mine: pa.Table,
) -> None:
    if stream.parent is None:
        raise UsageError(f"{name} is no list of a parent. Leave --parent out: the scope is read whole")
    listed = store.pending_parents(
        source=source.name, parent_stream=stream.parent, child_stream="", scope=scope
    )
    known = {each.parent_key for each in listed} | {key for key in mine["parent_key"].to_pylist() if key}
    for cursor in store.cursors(source.name, stream.parent).values():
        known |= set(split_cursor(cursor)[0].get("current", ()))
    if parent_key not in known:
        where = f" in {scope}" if scope else ""
        raise UsageError(f"{name} knows no parent {parent_key!r}{where}. {_near(parent_key, known)}")


def _window_of(
    name: str,
    stream: Stream,
    first: str | None,
    until: str | None,
    *,
    now: datetime,
    mine: pa.Table,
    since: date | None,
) -> TimeWindow | None:
    if first is None and until is None:
        return None
    if first is None or until is None:
        raise UsageError("--from and --until belong together: the end does not belong to the window")
    if not stream.is_windowed:
        raise UsageError(
            f"{name} serves no windows of time. Leave --from and --until out: the list is read whole"
        )
    start, end = instant_of(first), instant_of(until)
    if start >= end:
        raise UsageError(f"--until {until} does not come after --from {first}: the end is exclusive")
    ends = [each for each in mine["requested_until"].to_pylist() if each is not None]
    latest = max([datetime.combine(now.date() + timedelta(days=1), time.min, now.tzinfo), *ends])
    if end > latest:
        raise UsageError(f"--until {until} lies ahead. What is not over yet comes with assay run")
    if since is not None and end.date() <= since:
        raise UsageError(
            f"{name} is asked for nothing before {since}, and this window ends {until}. For more history "
            "move `since` of the source back in assay.yml, then run"
        )
    return TimeWindow(start, end)


def _near(name: str, known: Collection[str]) -> str:
    close = difflib.get_close_matches(name, known, n=3)
    if close:
        return f"Did you mean {' or '.join(close)}?"
    shown = sorted(known)[:_NAMES_SHOWN]
    more = f" and {len(known) - len(shown)} more" if len(known) > len(shown) else ""
    return f"Known: {', '.join(shown) or 'none'}{more}"
