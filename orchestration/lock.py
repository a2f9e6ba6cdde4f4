"""One workspace, one writer: the lock that every run holds, whoever started it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from filelock import FileLock, Timeout

from orchestration.errors import WorkspaceLockedError

GRACE_SECONDS = 1.0  # somebody who only looks whether the lock is free holds it for a moment


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a workspace's lock."""

    process: int
    host: str
    command: str
    since: str

    def __str__(self) -> str:
        return f"`{self.command}` (process {self.process} on {self.host}, since {self.since})"


@contextmanager
def workspace_lock(path: Path, *, command: str, at: datetime) -> Iterator[None]:
    """Hold the workspace for the length of the block.

    The operating system drops the lock when the process ends, also by `kill -9`; the note beside it, which
    tells others who works here, then stays and is ignored.

    Raises:
        WorkspaceLockedError: after a second, naming the holder, where another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=GRACE_SECONDS, poll_interval=0.05)
    except Timeout:
        raise _locked(path) from None
    note = _note(path)
    try:
        holder = Holder(os.getpid(), os.uname().nodename, command, at.isoformat(timespec="seconds"))
        note.write_text(json.dumps(asdict(holder)), encoding="utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def lock_holder(path: Path) -> Holder | None:
    """Return who holds the lock now; None where it is free."""
    if not path.exists():
        return None
    lock = FileLock(path)
    try:
        with lock.acquire(timeout=0):
            return None
    except Timeout:
        return _read_note(path)


def _note(path: Path) -> Path:
    return path.with_suffix(".holder.json")


def _read_note(path: Path) -> Holder:
    try:
        return Holder(**json.loads(_note(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Holder(0, "unknown", "another run", "a moment ago")


def _locked(path: Path) -> WorkspaceLockedError:
    return WorkspaceLockedError(
        f"{path.parent.parent} is in use by {_read_note(path)}. "
        "One run writes at a time: wait until it has ended."
    )
