"""Feeds of worklogs that changed or were deleted: ids with instants, from an instant on."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from connectors.evidence import EvidenceStore
from connectors.http.chains import ChainPage
from connectors.http.instants import text_of
from connectors.http.lanes import Unit
from connectors.http.reading import Reader, read_scope
from connectors.http.rules import Bounds, Load, StraightOn
from connectors.http.streams import HttpStream
from connectors.jira.jql import SITE

OVERLAP = timedelta(minutes=10)
"""The feeds leave the last minute out, and a change is written a moment after its own instant."""

_MILLISECONDS = 1000


class FeedRule(StraightOn):
    """Read on from the youngest change known, less an overlap."""

    is_resumable = True

    def __init__(
        self,
        stream: HttpStream,
        settled: Mapping[str, Any],
        progress: Mapping[str, Any] | None,
        *,
        bounds: Bounds,
    ) -> None:
        self._stream = stream
        self._since = bounds.since_at
        has_grown = "since" in settled and text_of(self._since) < settled["since"]
        self._known: int | None = None if has_grown else settled.get("youngest")
        self._youngest: int | None = (progress or {}).get("youngest", self._known)

    @property
    def requested_from(self) -> datetime | None:
        """What is known, less the overlap; else the start of the history wanted."""
        if self._known is None:
            return self._since
        return datetime.fromtimestamp(self._known / _MILLISECONDS, UTC) - OVERLAP

    def path(self) -> str:
        """The feed from there on."""
        start = self.requested_from
        since = round(start.timestamp() * _MILLISECONDS) if start is not None else 0
        return self._stream.path_for(SITE, since=str(since))

    def observe(self, page: ChainPage, load: Load) -> bool:
        """Note the youngest change; never stop."""
        del page
        found = [record.updatedTime for record in load().records]
        self._youngest = max(
            [*found, *([self._youngest] if self._youngest is not None else [])], default=None
        )
        return False

    def progress(self) -> dict[str, Any]:
        """The youngest change so far."""
        return {"youngest": self._youngest}

    def cursor(self, *, is_exhausted: bool) -> dict[str, Any]:
        """The youngest change, and the history that was asked for."""
        del is_exhausted
        return {"youngest": self._youngest, "since": text_of(self._since)}


def feed_units(reader: Reader, _store: EvidenceStore) -> Iterator[Unit]:
    """The one feed of the site."""
    make_rule = partial(FeedRule, reader.stream, bounds=reader.bounds)
    yield Unit(SITE, partial(read_scope, reader, SITE, make_rule))
