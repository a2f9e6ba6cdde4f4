"""Where a page is found: a URL, for a POST with its JSON body behind `#`.

Pagers, cursors and evidence carry places as they carry URLs; what stands behind `#` never goes over the wire
as part of the URL.
"""

from typing import Any
from urllib.parse import quote, unquote, urlsplit

import msgspec


def place_of(url: str, body: Any) -> str:
    """The place of a POST.

    Args:
        url: Absolute URL or path, without fragment.
        body: What is sent, as JSON values; keys are sorted so that the same request has the same place.
    """
    return f"{url}#{quote(msgspec.json.encode(body, order='sorted'), safe='')}"


def parts_of(place: str) -> tuple[str, bytes]:
    """The URL of a place and the body that stands behind it; empty without one."""
    url, _, fragment = place.partition("#")
    return url, unquote(fragment).encode()


def body_at(place: str) -> Any:
    """The body of a place as JSON values; None without one."""
    _, body = parts_of(place)
    return msgspec.json.decode(body) if body else None


def path_and_query(place: str) -> str:
    """Path and query of a place."""
    parts = urlsplit(place)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
