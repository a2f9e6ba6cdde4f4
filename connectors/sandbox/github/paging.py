"""Pages of a list: by number, or by cursor where GitHub does so."""

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

LARGEST_PAGE = 100
DEFAULT_PAGE = 30
LAST_NUMBERED_PAGE = 100
"""Issues refuse a page number beyond about 10,000 items."""


class RefusedError(Exception):
    """A request that GitHub answers with 422."""


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a request."""

    path: str
    values: dict[str, str]

    @classmethod
    def parse(cls, path: str, query: str) -> "Query":
        """Read a query string; of a repeated parameter the last counts."""
        return cls(path, dict(parse_qsl(query, keep_blank_values=True)))

    def get(self, name: str, default: str = "") -> str:
        """A parameter's value."""
        return self.values.get(name, default)

    def number(self, name: str, default: int) -> int:
        """A positive number; anything else is the default, as GitHub has it."""
        text = self.values.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else default

    @property
    def per_page(self) -> int:
        """Items on a page."""
        return min(self.number("per_page", DEFAULT_PAGE), LARGEST_PAGE)

    def link(self, relation: str, **changes: int | str) -> str:
        """One link of a Link header, without its host."""
        values = self.values | {key: str(value) for key, value in changes.items()}
        return f'<{{host}}{self.path}?{urlencode(values)}>; rel="{relation}"'


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that is answered in pages.

    Attributes:
        items: Everything, in the answer's order.
        render: Makes a document of one item.
        wrap: Puts the documents of a page into an object, given the whole list's length.
        cursor_of: The place of an item in the order; if given, pages are linked by cursor.
        reachable: How many items a search gives at most; None if all.
    """

    items: Sequence[Any]
    render: Callable[[Any], Any]
    wrap: Callable[[list[Any], int], Any] | None = None
    cursor_of: Callable[[Any], tuple[int, int]] | None = None
    reachable: int | None = None


@dataclass(frozen=True, slots=True)
class PageOfList:
    """One page, ready to be encoded; links still lack their host."""

    document: Any
    links: tuple[str, ...]


def page_of(listing: Listing, query: Query) -> PageOfList:
    """Cut the page that the request wants.

    Raises:
        RefusedError: The request asks for a page number that only a cursor reaches.
    """
    if listing.cursor_of is not None:
        items, links = by_cursor(listing, listing.cursor_of, query)
    else:
        items, links = by_number(listing, query)
    rows = [listing.render(item) for item in items]
    document = listing.wrap(rows, len(listing.items)) if listing.wrap else rows
    return PageOfList(document, links)


def by_number(listing: Listing, query: Query) -> tuple[Sequence[Any], tuple[str, ...]]:
    """The items and links of a numbered page."""
    size, page = query.per_page, query.number("page", 1)
    count = len(listing.items) if listing.reachable is None else min(len(listing.items), listing.reachable)
    last = max(1, -(-count // size))
    links = []
    if page > 1:
        links.append(query.link("prev", page=min(page - 1, last)))
    if page < last:
        links += [query.link("next", page=page + 1), query.link("last", page=last)]
    if page > 1:
        links.append(query.link("first", page=1))
    return listing.items[(page - 1) * size : min(page * size, count)], tuple(links)


def by_cursor(
    listing: Listing, cursor_of: Callable[[Any], tuple[int, int]], query: Query
) -> tuple[Sequence[Any], tuple[str, ...]]:
    """The items and links of a page that a cursor names; page numbers work for the first pages only."""
    size, page = query.per_page, query.number("page", 1)
    after = query.get("after")
    if not after and page > LAST_NUMBERED_PAGE:
        raise RefusedError(
            "Pagination with the page parameter is not supported for large datasets, "
            "please use cursor based pagination (after/before)"
        )
    first = place_after(listing, cursor_of, after) if after else (page - 1) * size
    items = listing.items[first : first + size]
    if first + size >= len(listing.items) or not items:
        return items, ()
    return items, (query.link("next", after=encoded(cursor_of(items[-1])), page=page + 1),)


def place_after(listing: Listing, cursor_of: Callable[[Any], tuple[int, int]], after: str) -> int:
    """Where the items behind a cursor begin, whatever changed since it was given."""
    key = decoded(after)
    rows = listing.items
    is_rising = len(rows) < 2 or cursor_of(rows[0]) < cursor_of(rows[-1])  # noqa: PLR2004
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        here = cursor_of(rows[middle])
        if (here <= key) if is_rising else (here >= key):
            low = middle + 1
        else:
            high = middle
    return low


def encoded(place: tuple[int, int]) -> str:
    """A cursor for a place."""
    return base64.urlsafe_b64encode(f"cursor:v2:{place[0]}:{place[1]}".encode()).decode()


def decoded(cursor: str) -> tuple[int, int]:
    """The place that a cursor stands for."""
    try:
        _, _, first, second = base64.urlsafe_b64decode(cursor.encode()).decode().split(":")
        return int(first), int(second)
    except (ValueError, binascii.Error) as error:
        raise RefusedError(f"The cursor {cursor!r} is not one that this list gave.") from error
