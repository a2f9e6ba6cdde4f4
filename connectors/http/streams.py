"""What an HTTP source declares beside the stream itself: where it is listed and how it is read again."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import quote

import msgspec

from connectors.http.pagers import LinkHeader, Pager, with_parameters
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

    CREATED_RANGES = "created_ranges"
    """The API searches by creation time and cuts long results off: split ranges until they fit."""

    GRAPH = "graph"
    """A history: stop when every parent of what is new is known."""

    PER_PARENT = "per_parent"
    """One listing for each parent whose version changed."""

    PER_CURRENT_PARENT = "per_current_parent"
    """One listing for each parent that the last complete listing names: parents carry no version."""


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
        max_pages: Pages in one chain after which it is taken for endless.
    """

    path: str
    reading: Reading
    parameters: tuple[tuple[str, str], ...] = ()
    pager: Pager = field(default_factory=LinkHeader)
    record: type[Any] = msgspec.Raw
    is_single: bool = False
    max_pages: int = 50_000

    def path_for(self, scope: str, parent_key: str | None = None, **parameters: str) -> str:
        """Path and query of the first page.

        Args:
            scope: Repository or organisation.
            parent_key: The parent, where the path names one.
            parameters: Further query parameters.
        """
        path = self.path.format(scope=quote(scope, safe="/"), parent_key=quote(parent_key or "", safe=""))
        query = dict(self.parameters) | parameters
        return self.pager.first(with_parameters(path, query) if query else path)
