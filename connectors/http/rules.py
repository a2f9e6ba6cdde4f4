"""How far a listing is read, and what the next run must know: one small rule for each way of reading.

A rule sees the pages of one window in order. It says where the window starts and when it may stop, and it
turns what it saw into the scope's next cursor. What it has learned half-way (`progress`) is committed with
each batch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Protocol

from connectors.http.ahead import (
    LEAST_PAGES,
    LEAST_PAGES_FOR_HOPS,
    Guide,
    Hops,
    Numbered,
    pages_named,
)
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
    guide: Guide | None
    """Where nothing moves in what is read from here on: an order of its pages that reads ahead."""

    @property
    def requested_from(self) -> datetime | None:
        """Start of the range that is asked for."""

    def path(self) -> str:
        """Path and query of the first page."""

    def observe(self, page: ChainPage, load: Load) -> bool:
        """Learn from a page; True if the window may stop after it. `load` gives its records."""

    def turn(self, page: ChainPage, load: Load) -> str | None:
        """Where the rest can be read in an order in which nothing moves; None to follow the page's link.

        It is asked of every page, after `observe`, and gives a URL or a path below the base URL.
        """

    def progress(self) -> dict[str, Any]:
        """What was learned so far."""

    def cursor(self, *, is_exhausted: bool) -> dict[str, Any]:
        """The scope's next cursor; `is_exhausted` if the listing came to its end."""


class StraightOn:
    """A way of reading that follows the listing as it is linked."""

    guide: Guide | None = None

    def turn(self, page: ChainPage, load: Load) -> str | None:
        """Never."""
        del page, load
        return None


class WholeRule(StraightOn):
    """Read everything, and keep the names that other streams go through."""

    is_resumable = False
    requested_from: datetime | None = None

    def __init__(self, stream: HttpStream, scope: str, settled: Mapping[str, Any] | None = None) -> None:
        self._stream = stream
        self._scope = scope
        self._name_field = stream.named_by
        self._first_names: dict[str, str] = dict((settled or {}).get("first_names", {}))
        self._current: list[str] = []
        self._known: list[str] = []

    def path(self) -> str:
        """The listing."""
        return self._stream.path_for(self._scope)

    def observe(self, page: ChainPage, load: Load) -> bool:
        """Note the names; never stop."""
        del page
        if self._name_field is not None:
            for record in load().records:
                name = getattr(record, self._name_field)
                key = None if self._stream.known_by is None else getattr(record, self._stream.known_by)
                self._current.append(name)
                self._known.append(name if key is None else str(key))
        return False

    def progress(self) -> dict[str, Any]:
        """Nothing: a whole listing starts again."""
        return {}

    def cursor(self, *, is_exhausted: bool) -> dict[str, Any]:
        """The names as of now; of what is known by something else, those under which it was first listed."""
        del is_exhausted
        if self._name_field is None:
            return {}
        if self._stream.known_by is None:
            return {"current": self._current}
        taken = set(self._current)
        names = []
        for key, name in zip(self._known, self._current, strict=True):
            first = self._first_names.get(key, name)
            is_taken = first != name and first in taken  # by another one, which its requests would reach
            self._first_names[key] = name if is_taken else first
            names.append(self._first_names[key])
        return {"current": names, "first_names": self._first_names}


class UpdatedRule:
    """Read what was updated since the newest update known; the newest stands first.

    The watermark comes from the first page only. While a listing is read, updated records jump to its
    front, so later pages repeat records but never skip any; what jumped is newer than the watermark and
    comes next time. A first reading of many pages turns, after the first, to an order in which nothing moves.
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
        is_far: Callable[[], bool] = lambda: False,
        may_hop: bool = False,
    ) -> None:
        self._stream = stream
        self._scope = scope
        self._since = bounds.since_at
        self._known = _watermark(settled, self._since)
        self._first_page_known: str | None = settled.get("first_page") if self._known else None
        self._newest: datetime | None = instant_of((progress or {}).get("newest"))
        self._first_page: str | None = (progress or {}).get("first_page")
        self._is_far = is_far
        self._may_hop = may_hop
        self._pages = 0
        self.guide: Guide | None = self._guide_of(progress or {})

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

    def turn(self, page: ChainPage, load: Load) -> str | None:
        """An order of the stream in which nothing moves, from its beginning, once it is seen to be long."""
        self._pages += 1
        if self.guide is not None or self.requested_from is not None or not self._is_far():
            return None
        stream, following = self._stream, page.arrived.next_place
        is_numbered = pages_named(page.arrived.headers.get("link")) >= LEAST_PAGES
        if stream.still_order is not None and is_numbered and self._pages == 1:
            self.guide = Numbered()
            return stream.path_for(self._scope, **dict(stream.still_order))
        if not self._may_hop or stream.rising_order is None or following is None:
            return None
        records = load().records
        updates = [record.updated_at for record in records if record.updated_at is not None]
        if updates and self._is_long(records):
            self.guide = Hops(self._place_at, min(updates))
            return stream.path_for(self._scope, **dict(stream.rising_order))
        return None

    def _is_long(self, records: list[Any]) -> bool:
        """Whether many pages were read, or the records' own numbers tell of as many."""
        counter = self._stream.counted_by
        count = max((getattr(record, counter) for record in records), default=0) if counter else 0
        return self._pages >= LEAST_PAGES_FOR_HOPS or count >= LEAST_PAGES_FOR_HOPS * len(records)

    def progress(self) -> dict[str, Any]:
        """The newest update and the first page of this window, and which way it has turned."""
        found: dict[str, Any] = {"newest": text_of(self._newest), "first_page": self._first_page}
        if isinstance(self.guide, Numbered):
            found["is_numbered"] = True
        if isinstance(self.guide, Hops):
            found["hops_until"] = text_of(self.guide.until)
        return found

    def cursor(self, *, is_exhausted: bool) -> dict[str, Any]:
        """The new watermark."""
        del is_exhausted
        return {
            "watermark": text_of(self._newest or self._known),
            "first_page": self._first_page,
            "since": text_of(self._since),
        }

    def _guide_of(self, progress: Mapping[str, Any]) -> Guide | None:
        """The way that a window which broke off had turned."""
        until = instant_of(progress.get("hops_until"))
        if until is not None:
            return Hops(self._place_at, until)
        return Numbered() if progress.get("is_numbered") else None

    def _place_at(self, instant: datetime) -> str:
        order = dict(self._stream.rising_order or ())
        return self._stream.path_for(self._scope, **order, **{self._stream.since_parameter: text_of(instant)})


class CreatedRule(StraightOn):
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
