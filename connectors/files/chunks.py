"""Files in bounded pieces, each of which ends where a record ends."""

from collections.abc import Iterator
from enum import StrEnum
from typing import IO

from connectors.errors import PermanentSourceError

CHUNK_BYTES = 4 * 1024 * 1024
LONGEST_RECORD_BYTES = 64 * 1024 * 1024

_QUOTE = b'"'
_NEWLINE = b"\n"


class Borders(StrEnum):
    """Where a file may be cut."""

    LINES = "lines"
    """After any newline."""

    CSV = "csv"
    """After a newline that stands outside quotes."""

    NONE = "none"
    """Anywhere: the records of a binary file have no borders of their own."""


def chunks_of(content: IO[bytes], borders: Borders, *, limit: int = CHUNK_BYTES) -> Iterator[bytes]:
    """The file's bytes in order and without a gap; an empty file is one empty chunk.

    Args:
        content: The file, read from where it stands.
        borders: Where it may be cut.
        limit: Bytes of a chunk, unless a single record is longer.

    Raises:
        PermanentSourceError: A record is longer than any record should be.
    """
    rest = content.read(limit)
    if not rest:
        yield b""
        return
    while block := content.read(limit):
        end = _border(rest, borders)
        if end:
            yield rest[:end]
        rest = rest[end:] + block
        if len(rest) > LONGEST_RECORD_BYTES:
            raise PermanentSourceError(
                f"No record ends within {LONGEST_RECORD_BYTES // 1024 // 1024} MiB: a quote is probably not "
                "closed. Mend the file."
            )
    yield rest


def _border(rest: bytes, borders: Borders) -> int:
    """Where the last whole record ends; 0 if none does."""
    if borders is Borders.NONE:
        return len(rest)
    end = rest.rfind(_NEWLINE) + 1
    is_quoted = borders is Borders.CSV and rest.count(_QUOTE, 0, end) % 2 == 1
    while end and is_quoted:
        before = rest.rfind(_NEWLINE, 0, end - 1) + 1
        is_quoted ^= rest.count(_QUOTE, before, end) % 2 == 1
        end = before
    return end
