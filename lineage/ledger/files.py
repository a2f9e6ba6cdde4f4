"""The ledger's files on disk: durable replacement, the whole-file hash, and one lock per file and process."""

import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_locks: dict[Path, threading.RLock] = {}
_locks_guard = threading.Lock()


def process_lock(path: Path) -> threading.RLock:
    """The lock that every writer of this file inside this process holds.

    SQLite's own locks are POSIX locks, which a process loses when it closes *any* descriptor of the file
    (https://www.sqlite.org/howtocorrupt.html, section 2.2). Whoever opens the file beside SQLite, to hash it,
    must therefore hold this lock until the descriptor is closed.
    """
    with _locks_guard:
        return _locks.setdefault(path.resolve(), threading.RLock())


def marker_path(path: Path) -> Path:
    """The marker that exists while the file differs from its seal."""
    return path.with_suffix(".dirty")


def seal_path(path: Path) -> Path:
    """The file that holds the whole-file hash."""
    return path.with_suffix(".seal.json")


def journal_path(path: Path) -> Path:
    """SQLite's rollback journal: it exists during a transaction, and after a crash inside one."""
    return path.with_name(path.name + "-journal")


@contextmanager
def opened_for_hashing(path: Path) -> Iterator[int]:
    """A descriptor of the file, closed under the process lock."""
    with process_lock(path):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def sha256_of(descriptor: int) -> tuple[int, str]:
    """(bytes, hex sha256) of an open file."""
    digest = hashlib.sha256()
    offset = 0
    while chunk := os.pread(descriptor, 1 << 20, offset):
        digest.update(chunk)
        offset += len(chunk)
    return offset, digest.hexdigest()


def sync_folder(folder: Path) -> None:
    """Make the folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_durably(path: Path, content: bytes) -> None:
    """Replace a file as a whole; after a crash it holds the old content or the new."""
    pending = path.with_name(path.name + ".pending")
    with pending.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    pending.replace(path)
    sync_folder(path.parent)


def mark_dirty(path: Path) -> None:
    """Say, durably and before the first change, that the file will differ from its seal."""
    marker = marker_path(path)
    if not marker.exists():
        with suppress(FileExistsError):
            os.close(os.open(marker, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644))
        sync_folder(path.parent)


def clear_mark(path: Path) -> None:
    """Say that the file is as its seal describes it."""
    marker_path(path).unlink(missing_ok=True)
    sync_folder(path.parent)
