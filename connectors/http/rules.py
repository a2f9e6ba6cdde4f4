"""How far a listing is read, and what the next run must know: one small rule for each way of reading.

A rule sees the pages of one window in order. It says where the window starts and when it may stop, and it
turns what it saw into the scope's next cursor. What it has learned half-way (`progress`) is committed with
each batch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from connectors.http.chains import ChainPage
from connectors.http.instants import instant_of, latest, text_of
from connectors.http.listings import Listing
from connectors.http.streams import HttpStream, Reading

_UPDATED_OVERLAP = timedelta(minutes=5)

Load = Callable[[], Listing]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The history that the settings ask for: from `since` on, up to but without `until`."""

    since: date | None = None
    until: date | None = None

    @property
    def since_at(self) -> datetime | None:
        """The first instant wanted."""
        return None if self.since is None else datetime.combine(self.since, time(), UTC)

    @property
    def until_at(self) -> datetime | None:
        """The first instant not wanted any more."""
        return None if self.until is None else datetime.combine(self.until, time(), UTC)


class Rule(Protocol):
    """The contract of a way of reading."""

    is_resumable: bool

    @property
    def requested_from(self) -> datetime | None:
        """Start of the range that is asked for."""

    def path(self) -> str:
        """Path and query of the first page."""

    def observe(self, page: ChainPage, load: Load) -> bool:
        """Learn from a page; True if the window may stop after it. `load` gives its records."""

    def progress(self) -> dict[str, Any]:
        """What was learned so far."""

    def cursor(self, *, is_exhausted: bool) -> dict[str, Any]:
        """The scope's next cursor; `is_exhausted` if the listing came to its end."""


class WholeRule:
    """Read everything, and keep the names that other streams go through."""

    is_resumable = False
    requested_from: datetime | None = None

    def __init__(self, stream: HttpStream, scope: str) -> None:
        self._stream = stream
        self._scope = scope
        self._name_field = stream.named_by
        self._current: list[str] = []

    def path(self) -> str:
        """The listing."""
        return self._stream.path_for(self._scope)

    def observe(self, page: ChainPage, load: Load) -> bool:
        """Note the names; never stop."""
        del page
        if self._name_field is not None:
            self._current.extend(getattr(record, self._name_field) for record in load().records)
        return False

    def progress(self) -> dict[str, Any]:
        """Nothing: a whole listing starts again."""
        return {}

    def cursor(self, *, is_exhausted: bool) -> dict[str, Any]:
        """The names as of now."""
        del is_exhausted
        return {} if self._name_field is None else {"current": self._current}


class UpdatedRule:
    """Read what was updated since the newest update known; the newest stands first.

    The watermark comes from the first page only. While a listing is read, updated records jump to its
    front, so later pages repeat records but never skip any; what jumped is newer than the watermark and
    comes next time.
    """

    is_resumable = True

    def __init__(
        self,
        stream: HttpStream,
        scope: str,
        *,
        settled: Mapping[str, Any],
        progress: Mapping[str, Any] | None,
        bounds: Bounds,
    ) -> None:
        self._stream = stream
        self._scope = scope
        self._since = bounds.since_at
        self._known = _watermark(settled, self._since)
        self._first_page_known: str | None = settled.get("first_page") if self._known else None
        self._newest: datetime | None = instant_of((progress or {}).get("newest"))
        self._first_page: str | None = (progress or {}).get("first_page")

    @property
    def requested_from(self) -> datetime | None:
        """What is known, less the overlap; else the start of the history wanted."""
        return self._known - _UPDATED_OVERLAP if self._known else self._since

    def path(self) -> str:
        """The listing, filtered where the API can."""
        start = self.requested_from
        if self._stream.reading is Reading.UPDATED_SINCE and start is not None:
            since = text_of(start.replace(microsecond=0))
            return self._stream.path_for(self._scope, **{self._stream.since_parameter: since})
        return self._stream.path_for(self._scope)

    def observe(self, page: ChainPage, load: Load) -> bool:
        """Stop below what is known, or at a first page that is the one the last window began with."""
        if self._first_page is None:
            self._first_page = page.arrived.body_sha256
            if page.is_unchanged and self._first_page == self._first_page_known:
                self._newest = self._known
                return self._stream.reading is Reading.UPDATED_DESCENDING
            self._newest = latest([self._known, *(record.updated_at for record in load().records)])
        start = self.requested_from
        if start is None or self._stream.reading is Reading.UPDATED_SINCE:
            return False
        updates = [record.updated_at for record in load().records if record.updated_at is not None]
        return bool(updates) and min(updates) < start

    def progress(self) -> dict[str, Any]:
        """The newest update and the first page of this window."""
        return {"newest": text_of(self._newest), "first_page": self._first_page}

    def cursor(self, *, is_exhausted: bool) -> dict[str, Any]:
        """The new watermark."""
        del is_exhausted
        return {
            "watermark": text_of(self._newest or self._known),
            "first_page": self._first_page,
            "since": text_of(self._since),
        }


class CreatedRule:
    """Read what was created since some days before the newest known: records change for a while."""

    is_resumable = True

    def __init__(
        self,
        stream: HttpStream,
        scope: str,
        *,
        settled: Mapping[str, Any],
        progress: Mapping[str, Any] | None,
        bounds: Bounds,
    ) -> None:
        self._stream = stream
        self._scope = scope
        self._since = bounds.since_at
        self._known = _watermark(settled, self._since)
        self._has_first_page = progress is not None
        self._newest: datetime | None = instant_of((progress or {}).get("newest"))

    @property
    def requested_from(self) -> datetime | None:
        """The stream's overlap before what is known; else the start of the history wanted."""
        overlap = self._stream.created_overlap
        return latest([self._known - overlap if self._known else None, self._since])

    def path(self) -> str:
        """The listing, newest first."""
        return self._stream.path_for(self._scope)

    def observe(self, page: ChainPage, load: Load) -> bool:
        """Stop below the overlap."""
        del page
        created = [record.created_at for record in load().records if record.created_at is not None]
        if not self._has_first_page:
            self._has_first_page = True
            self._newest = latest([self._known, *created])
        start = self.requested_from
        return start is not None and bool(created) and min(created) < start

    def progress(self) -> dict[str, Any]:
        """The newest record of this window."""
        return {"newest": text_of(self._newest)}

    def cursor(self, *, is_exhausted: bool) -> dict[str, Any]:
        """The new watermark."""
        del is_exhausted
        return {"watermark": text_of(self._newest or self._known), "since": text_of(self._since)}


def _watermark(settled: Mapping[str, Any], since: datetime | None) -> datetime | None:
    """The watermark, unless the settings now ask for more history than it was reached with."""
    reached_since = instant_of(settled.get("since"))
    if reached_since is not None and (since is None or since < reached_since):
        return None
    return instant_of(settled.get("watermark"))
