"""One answer of a server, its body bounded while it streams and checked to be whole."""

import zlib
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Bodies larger than this after decoding are refused: no vendor's page of 100 records comes near."""

_GZIP_OR_ZLIB = 47


class BodyTooLargeError(Exception):
    """The decoded body passes the bound; what was read so far has been dropped."""


class BodyIncompleteError(Exception):
    """The body ended early or its encoding is damaged; asking again may help."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request.

    Attributes:
        url: The URL that answered, after redirects on the same host.
        status: HTTP status.
        headers: All response headers by lower-case name; only some of them are ever stored.
        body: The body after content decoding; empty for 304.
        fetched_at: When the answer was complete, by the local clock.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes
    fetched_at: datetime

    def header(self, name: str) -> str | None:
        """A header by lower-case name."""
        return self.headers.get(name)

    @property
    def is_not_modified(self) -> bool:
        """Whether the server says that the page held is still right."""
        return self.status == 304  # noqa: PLR2004 - the status is the name

    @property
    def server_time(self) -> datetime | None:
        """The server's clock, from its `Date` header."""
        return http_date(self.header("date"))


def http_date(text: str | None) -> datetime | None:
    """An HTTP date (RFC 9110, section 5.6.7) as an instant; None where there is none or it is not one."""
    if not text:
        return None
    try:
        instant = parsedate_to_datetime(text)
    except ValueError:
        return None
    return instant if instant.tzinfo is not None else None


async def read_body(
    chunks: AsyncIterable[bytes], *, encoding: str | None, max_bytes: int = MAX_BODY_BYTES
) -> bytes:
    """The decoded body, bounded while it streams: a small body that unpacks to gigabytes is cut off early.

    Args:
        chunks: The body as it comes from the wire.
        encoding: The `Content-Encoding` header.
        max_bytes: The largest body to accept, after decoding.

    Raises:
        BodyTooLargeError: The decoded body passes the bound.
        BodyIncompleteError: The encoding is unknown, damaged or cut short.
    """
    name = (encoding or "identity").strip().lower()
    if name in {"identity", ""}:
        return await _read_plain(chunks, max_bytes)
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise BodyIncompleteError(f"the body has the content encoding {name!r}, which was not asked for")
    return await _read_zlib(chunks, max_bytes)


async def _read_plain(chunks: AsyncIterable[bytes], max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise BodyTooLargeError
        parts.append(chunk)
    return parts[0] if len(parts) == 1 else b"".join(parts)


async def _read_zlib(chunks: AsyncIterable[bytes], max_bytes: int) -> bytes:
    decoder = zlib.decompressobj(_GZIP_OR_ZLIB)
    parts: list[bytes] = []
    size = 0
    has_input = False
    async for chunk in chunks:
        has_input = has_input or bool(chunk)
        try:
            part = decoder.decompress(chunk, max_bytes - size + 1)
        except zlib.error as error:
            raise BodyIncompleteError(f"the compressed body is damaged: {error}") from error
        size += len(part)
        if size > max_bytes:
            raise BodyTooLargeError
        parts.append(part)
    if has_input and not decoder.eof:
        raise BodyIncompleteError("the compressed body ends early")
    return b"".join(parts)
