"""What is listed one parent at a time: reviews of a pull request, jobs of a run, members of a team."""

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from functools import partial

from connectors.errors import PermanentSourceError
from connectors.events import Event, ParentGone, WindowClosed, WindowOpened
from connectors.evidence import ParentVersion
from connectors.http.lanes import Unit
from connectors.http.reading import Reader

GONE_STATUSES = frozenset({404, 410})


def changed_parents(reader: Reader, parent_stream: str, scope: str) -> list[Unit]:
    """One unit for each parent whose children were not read for its present version, in key order."""
    pending = reader.store.pending_parents(
        source=reader.source, parent_stream=parent_stream, child_stream=reader.stream.name, scope=scope
    )
    return [unit_of(reader, parent) for parent in pending]


def named_parents(reader: Reader, scope: str, keys: list[str]) -> list[Unit]:
    """One unit for each parent by name, whether or not anything changed: the parents carry no version."""
    return [Unit(scope, partial(_events, reader, scope, key, None), key) for key in keys]


def each_scope(scopes: Iterable[str], units_of: Callable[[str], Iterable[Unit]]) -> list[Unit]:
    """The units of every scope, in order; one whose parents were never listed fails by itself.

    Raises:
        PermanentSourceError: The parents were listed nowhere yet.
    """
    units: list[Unit] = []
    unread: list[PermanentSourceError] = []
    named = 0
    for scope in scopes:
        try:
            units.extend(units_of(scope))
            named += 1
        except PermanentSourceError as error:
            unread.append(error)
            units.append(Unit(scope, partial(_refusing, error)))
    if unread and not named:
        raise unread[0]
    return units


async def _refusing(error: PermanentSourceError, *events: Event) -> AsyncGenerator[Event, None]:
    """The events of a scope in which nothing can be read: none."""
    for event in events:
        yield event
    raise error


def unit_of(reader: Reader, parent: ParentVersion) -> Unit:
    """The unit of one parent in its present version."""
    return Unit(parent.scope, partial(children_of, reader, parent), parent.parent_key)


def children_of(reader: Reader, parent: ParentVersion) -> AsyncGenerator[Event, None]:
    """The events of one parent in its present version."""
    return _events(reader, parent.scope, parent.parent_key, parent.version)


async def _events(
    reader: Reader, scope: str, parent_key: str, version: str | None
) -> AsyncGenerator[Event, None]:
    """The window of one parent. It starts again after a break: its pages must be of one time."""
    yield WindowOpened(scope=scope, started_at=reader.clock(), parent_key=parent_key, is_resumable=False)
    url = reader.chains.url(reader.stream.path_for(scope, parent_key))
    try:
        async with aclosing(reader.chains.pages(url)) as pages:
            async for page in pages:
                yield reader.arrived(page, scope, {})
    except PermanentSourceError as error:
        if error.status in reader.stream.optional_statuses:
            yield WindowClosed(done_version=version)
            return
        if error.status in GONE_STATUSES and version is not None:
            yield ParentGone(scope=scope, parent_key=parent_key, version=version)
        raise
    yield WindowClosed(done_version=version)
