"""A file as it was at one moment: what is hashed, checked and landed are the same bytes."""

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from connectors.errors import PermanentSourceError, TransientSourceError

_BLOCK_BYTES = 1024 * 1024
_IN_MEMORY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class FileState:
    """What can be said of a file that did not change while it was read.

    Attributes:
        sha256: Hash of its bytes.
        byte_count: Its size.
        modified_at: When it was last written, by the file system's clock, in UTC.
    """

    sha256: str
    byte_count: int
    modified_at: datetime


def state_of(path: Path, *, name: str) -> FileState:
    """Hash a file.

    Args:
        path: The file.
        name: How messages call it: a path as the settings write it.

    Raises:
        PermanentSourceError: There is no such file, or it may not be read.
        TransientSourceError: It is still being written.
    """
    digest = hashlib.sha256()
    with _opened(path, name) as file:
        before = os.fstat(file.fileno())
        for block in _blocks(file):
            digest.update(block)
        _check_unchanged(before, path, name)
    return FileState(digest.hexdigest(), before.st_size, datetime.fromtimestamp(before.st_mtime, UTC))


def open_snapshot(path: Path, *, name: str, sha256: str) -> IO[bytes]:
    """A private copy of a file, at its beginning; nobody can write to it any more.

    Args:
        path: The file.
        name: How messages call it.
        sha256: What it was when it was listed.

    Raises:
        PermanentSourceError: There is no such file any more.
        TransientSourceError: It has changed since it was listed.
    """
    copy: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
    digest = hashlib.sha256()
    with _opened(path, name) as file:
        for block in _blocks(file):
            digest.update(block)
            copy.write(block)
    if digest.hexdigest() != sha256:
        copy.close()
        raise _still_written(name)
    copy.seek(0)
    return copy


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while block := file.read(_BLOCK_BYTES):
        yield block


def _opened(path: Path, name: str) -> IO[bytes]:
    try:
        return path.open("rb")
    except FileNotFoundError as error:
        raise PermanentSourceError(
            "The file is not there. What it said when it was last read stays. Put it back, or correct its "
            "path in the settings.",
            page=name,
        ) from error
    except OSError as error:
        raise PermanentSourceError(
            f"The file cannot be read: {error.strerror}. Grant read access.", page=name
        ) from error


def _check_unchanged(before: os.stat_result, path: Path, name: str) -> None:
    try:
        after = path.stat()
    except OSError as error:
        raise _still_written(name) from error
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise _still_written(name)


def _still_written(name: str) -> TransientSourceError:
    return TransientSourceError(
        "The file changed while it was read, so it is still being written. Run again when it is complete; "
        "write it under another name and rename it at the end.",
        page=name,
    )
