import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import AsyncIterator

import pytest

from connectors.http.answers import BodyIncompleteError, BodyTooLargeError, http_date, read_body


async def pieces(body: bytes, size: int = 1000) -> AsyncIterator[bytes]:
    for at in range(0, len(body), size):
        yield body[at : at + size]


def read(body: bytes, *, encoding: str | None = None, max_bytes: int = 100_000) -> bytes:
    return asyncio.run(read_body(pieces(body), encoding=encoding, max_bytes=max_bytes))


@pytest.mark.parametrize("content", [b"x" * 50_000, b""], ids=["long", "empty"])
@pytest.mark.parametrize("encoding", [None, "identity", "gzip", "GZIP", "deflate"])
def test_bodies_are_decoded(encoding: str | None, content: bytes) -> None:
    packed = {"gzip": gzip.compress, "deflate": zlib.compress}.get((encoding or "").lower(), bytes)(content)
    assert read(packed, encoding=encoding) == content


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_a_body_over_the_bound_is_refused(encoding: str | None) -> None:
    body = b"x" * 100_001
    with pytest.raises(BodyTooLargeError):
        read(gzip.compress(body) if encoding else body, encoding=encoding)


def test_a_gzip_bomb_is_cut_off_before_it_unpacks() -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    tracemalloc.start()
    with pytest.raises(BodyTooLargeError):
        asyncio.run(read_body(pieces(bomb, 65_536), encoding="gzip", max_bytes=1_000_000))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5_000_000


def test_a_compressed_body_that_ends_early_is_incomplete() -> None:
    with pytest.raises(BodyIncompleteError, match="ends early"):
        read(gzip.compress(b"x" * 5000)[:-10], encoding="gzip")


def test_a_damaged_compressed_body_is_incomplete() -> None:
    with pytest.raises(BodyIncompleteError, match="damaged"):
        read(b"this is not gzip", encoding="gzip")


def test_an_encoding_that_was_not_asked_for_is_refused() -> None:
    with pytest.raises(BodyIncompleteError, match="'br'"):
        read(b"x", encoding="br")


def test_dates_that_are_none_are_none() -> None:
    assert http_date("Sun, 22 Nov 2026 12:00:00 GMT") is not None
    assert http_date("yesterday") is None
    assert http_date(None) is None
