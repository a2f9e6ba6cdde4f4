"""What an HTTP source declares beside the stream itself: where it is listed and how it is read again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Literal
from urllib.parse import quote

import msgspec

from connectors.http.pagers import LinkHeader, Pager, with_parameters
from connectors.http.places import place_of
from connectors.http.questions import Item, SourceTotal
from connectors.streams import Stream


class Reading(StrEnum):
    """How a later run finds what is new."""

    WHOLE = "whole"
    """The whole listing each time, page by page only if modified."""

    UPDATED_DESCENDING = "updated_descending"
    """Sorted by last update, newest first: stop at what was known, less an overlap."""

    UPDATED_SINCE = "updated_since"
    """The API filters by last update: ask for what changed since the newest that was known."""

    CREATED_DESCENDING = "created_descending"
    """Newest first, but old ones may still change: stop some days before what was known."""

    WINDOWS = "windows"
    """The API serves the records of a window of time: each window once, the last ones again."""

    OWN = "own"
    """As the kind's own reader does it."""

    PER_PARENT = "per_parent"
    """One listing for each parent whose version changed."""

    PER_CURRENT_PARENT = "per_current_parent"
    """One listing for each parent that the last complete listing names: parents carry no version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """How an API is asked for the records of a window of time, [start, end).

    Attributes:
        parameters: Query parameters (fields of the body, for a POST) that ask for it.
        longest: The longest window of one chain of pages.
        overlap: How long before the last complete window is read again: late changes, slow indexes.
        alignment: Windows start and end on multiples of it since the epoch.
        first: Nothing is older, where the settings name no first day.
        max_results: A window whose claimed total is above it is split; None where nothing is cut off.
        is_set: Whether the newest reading of a window replaces what it held: windows are then whole cells of
            the longest length, and the start of the cell is the parent key.
    """

    parameters: Callable[[datetime, datetime], Mapping[str, Any]]
    longest: timedelta
    overlap: timedelta
    alignment: timedelta = timedelta(minutes=1)
    first: datetime = datetime(2008, 1, 1, tzinfo=UTC)
    max_results: int | None = None
    is_set: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpStream(Stream):
    """A stream that is listed by an HTTP API.

    Attributes:
        path: Path below the base URL, with `{scope}` and `{parent_key}`.
        reading: How a later run finds what is new.
        parameters: Query parameters of each listing.
        pager: How one page leads to the next.
        record: The narrow structure that paging and fan-out need of a record; everything else stays unparsed.
        is_single: Whether the body is one record instead of a list.
        method: How it is asked for; a POST sends `body`.
        body: Fields of the body of a POST, those of a window aside.
        windows: The windows that the API serves, for a reading by windows.
        named_by: Attribute of a record by which other streams go through the last whole listing.
        known_by: Attribute of a record that stays when its name changes: other streams go through the name
            under which it was first listed, so that a renamed scope goes on where it is.
        total: Where the API says how many records it holds: a path in the body, or `header:<name>`.
        still_order: Query parameters of an order in which nothing moves while it is read, and nothing comes
            or goes but at its end; None where the API has none.
        rising_order: Query parameters that sort by last update, the oldest first; None without such an order.
        counted_by: Attribute of a record that counts records up from one, so that the newest tells how many
            there are; None where none does.
        since_parameter: The query parameter of a listing that can be asked for from an instant on.
        scope_safe: Characters of a scope that stay as they are in the path.
        created_overlap: How long records may change after they were created, where the newest stand first.
        optional_statuses: Refusals that mean that there is nothing of this in the scope or for the parent.
        max_pages: Pages in one chain after which it is taken for endless.
        item: How one record is asked for by itself; None where it cannot be.
        source_total: How the source counts the records of a scope; None where it does not.
    """

    path: str
    reading: Reading
    parameters: tuple[tuple[str, str], ...] = ()
    pager: Pager = field(default_factory=LinkHeader)
    record: type[Any] = msgspec.Raw
    is_single: bool = False
    method: Literal["GET", "POST"] = "GET"
    body: Mapping[str, Any] = field(default_factory=dict)
    windows: Windows | None = None
    named_by: str | None = None
    known_by: str | None = None
    total: str | None = None
    still_order: tuple[tuple[str, str], ...] | None = None
    rising_order: tuple[tuple[str, str], ...] | None = None
    counted_by: str | None = None
    since_parameter: str = "since"
    scope_safe: str = "/"
    created_overlap: timedelta = timedelta(days=30)
    optional_statuses: frozenset[int] = frozenset()
    max_pages: int = 50_000
    item: Item | None = None
    source_total: SourceTotal | None = None

    def path_for(self, scope: str, parent_key: str | None = None, **parameters: Any) -> str:
        """The place of the first page below the base URL.

        Args:
            scope: Repository, project or organisation.
            parent_key: The parent, where the path names one.
            parameters: Further query parameters, or fields of the body of a POST.
        """
        path = self.path.format(
            scope=quote(scope, safe=self.scope_safe), parent_key=quote(parent_key or "", safe="")
        )
        if self.method == "POST":
            path = with_parameters(path, dict(self.parameters)) if self.parameters else path
            return self.pager.first(place_of(path, {**self.body, **parameters}))
        query = dict(self.parameters) | parameters
        return self.pager.first(with_parameters(path, query) if query else path)
