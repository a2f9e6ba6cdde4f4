"""Pages of a list as GitLab cuts them: numbered, counted up to 10,000, refused beyond an offset."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from connectors.sandbox.api import ApiRequest, ApiResponse

DEFAULT_PAGE = 20
LARGEST_PAGE = 100
MAX_OFFSET = 50_000
MAX_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that is answered in pages.

    Attributes:
        items: Everything, in order.
        render: Makes a document of an item; None for one that is left out after the page was cut.
        reachable: How many items are counted and linked at most; None for all.
        keyset: The place of an item in the order, highest first, for lists that are paged by it on request.
    """

    items: Sequence[Any]
    render: Callable[[Any], Any]
    reachable: int | None = None
    keyset: Callable[[Any], int] | None = None


def page_of(listing: Listing, request: ApiRequest, headers: Mapping[str, str]) -> ApiResponse:
    """The page that a request wants, with its links."""
    if listing.keyset is not None and request.parameter("pagination") == "keyset":
        return _page_after(listing, listing.keyset, request, headers)
    size = min(_number(request, "per_page", DEFAULT_PAGE), LARGEST_PAGE)
    page = _number(request, "page", 1)
    offset = (page - 1) * size
    if offset >= MAX_OFFSET:
        message = f"Offset pagination has a maximum allowed offset of {MAX_OFFSET}"
        return ApiResponse({"error": message}, status=400, headers=headers)
    count = len(listing.items) if listing.reachable is None else min(len(listing.items), listing.reachable)
    has_next = offset + size < count
    links = [_link(request, "first", page=1)]
    counted = {}
    if has_next:
        links.insert(0, _link(request, "next", page=page + 1))
    if count <= MAX_COUNTED or listing.reachable is not None:
        last = max(1, -(-count // size))
        links.append(_link(request, "last", page=last))
        counted = {"x-total": str(count), "x-total-pages": str(last)}
    paging = {
        "link": ", ".join(links),
        "x-page": str(page),
        "x-per-page": str(size),
        "x-next-page": str(page + 1) if has_next else "",
        "x-prev-page": str(page - 1) if page > 1 else "",
    }
    rendered = map(listing.render, listing.items[offset : min(offset + size, count)])
    rows = [row for row in rendered if row is not None]
    return ApiResponse(rows, headers={**headers, **paging, **counted})


def _number(request: ApiRequest, name: str, default: int) -> int:
    text = request.parameter(name)
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else default


def _page_after(
    listing: Listing, keyset: Callable[[Any], int], request: ApiRequest, headers: Mapping[str, str]
) -> ApiResponse:
    """The page below the place that the cursor names; after the last one there is no link."""
    size = min(_number(request, "per_page", DEFAULT_PAGE), LARGEST_PAGE)
    cursor = request.parameter("cursor")
    below = [item for item in listing.items if not cursor or keyset(item) < int(cursor)]
    part = below[:size]
    links = {"link": _link(request, "next", cursor=keyset(part[-1]))} if len(below) > size else {}
    return ApiResponse([listing.render(item) for item in part], headers={**headers, **links})


def _link(request: ApiRequest, relation: str, **changes: int) -> str:
    given = {name: values[-1] for name, values in request.query.items()}
    query = given | {name: str(value) for name, value in changes.items()}
    return f'<{request.base_url}{request.raw_path}?{urlencode(query, quote_via=quote)}>; rel="{relation}"'
