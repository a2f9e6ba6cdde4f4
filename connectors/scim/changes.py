"""Whether anything has changed at all, for two small requests: then the set that is held is the present one.

A directory that filters by `meta.lastModified` says how many resources are newer than the newest that is
held, and how many there are in all. Nothing newer and the same number mean that nobody was added, changed or
removed: whoever is added is newer, and a removal lowers the number. Everything else is read whole.
"""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from connectors.errors import PermanentSourceError
from connectors.events import Event
from connectors.evidence import EvidenceStore
from connectors.http.chains import ChainPage
from connectors.http.instants import instant_of, latest, text_of
from connectors.http.lanes import Unit
from connectors.http.pagers import with_parameters
from connectors.http.reading import Reader, read_scope
from connectors.http.rules import Load, StraightOn
from connectors.scim.streams import DIRECTORY

_CLOCK_STEP = timedelta(seconds=2)
"""Changes so close to a reading could share an instant with one that was missed."""


def directory_units(reader: Reader, _store: EvidenceStore) -> Iterator[Unit]:
    """The whole listing, unless nothing has changed."""
    yield Unit(DIRECTORY, partial(read_changed, reader))


async def read_changed(reader: Reader) -> AsyncGenerator[Event, None]:
    """The events of a reading; none where nothing has changed."""
    settled, _ = reader.cursor(DIRECTORY)
    if await _is_unchanged(reader, settled):
        return
    started_at = reader.clock()

    def make_rule(_settled: Mapping[str, Any], _progress: Mapping[str, Any] | None) -> "DirectoryRule":
        return DirectoryRule(reader, started_at=started_at)

    async with aclosing(read_scope(reader, DIRECTORY, make_rule)) as events:
        async for event in events:
            yield event


async def _is_unchanged(reader: Reader, settled: Mapping[str, Any]) -> bool:
    newest, total = instant_of(settled.get("newest")), settled.get("total")
    if newest is None or total is None:
        return False
    newer = await _count(reader, {"filter": f'meta.lastModified gt "{text_of(newest)}"'})
    return newer == 0 and await _count(reader, {}) == total


async def _count(reader: Reader, parameters: Mapping[str, str]) -> int | None:
    """How many resources there are, by a page of one.

    Raises:
        PermanentSourceError: The directory does not filter.
    """
    asked = {**parameters, "count": "1", "attributes": "id"}
    first = reader.chains.url(with_parameters(reader.stream.path_for(DIRECTORY), asked))
    try:
        async with aclosing(reader.chains.pages(first)) as pages:
            async for page in pages:
                return reader.chains.stored_listing(page).claimed_total
    except PermanentSourceError as error:
        if "filter" in parameters and error.status in (400, 501):
            raise PermanentSourceError(
                "The directory does not filter by the last change. Take filters_changes out of the settings.",
                source=error.source,
                stream=error.stream,
                page=error.page,
                status=error.status,
            ) from error
        raise
    return None


class DirectoryRule(StraightOn):
    """Read everything; remember the newest change and how many resources there were.

    Args:
        reader: What reading takes.
        started_at: When the reading began.
    """

    is_resumable = False
    requested_from: datetime | None = None

    def __init__(self, reader: Reader, *, started_at: datetime) -> None:
        self._reader = reader
        self._started_at = started_at
        self._newest: datetime | None = None
        self._total: int | None = None

    def path(self) -> str:
        """The listing."""
        return self._reader.stream.path_for(DIRECTORY)

    def observe(self, page: ChainPage, load: Load) -> bool:
        """Note the newest change; never stop."""
        del page
        listing = load()
        self._newest = latest([self._newest, *(record.updated_at for record in listing.records)])
        self._total = listing.claimed_total
        return False

    def progress(self) -> dict[str, Any]:
        """Nothing: a whole listing starts again."""
        return {}

    def cursor(self, *, is_exhausted: bool) -> dict[str, Any]:
        """What tells the next run that nothing has changed."""
        del is_exhausted
        if self._newest is None or self._total is None:
            return {}
        is_fresh = self._newest > self._started_at - _CLOCK_STEP
        newest = self._newest - _CLOCK_STEP if is_fresh else self._newest
        return {"newest": text_of(newest), "total": self._total}
