"""Files on disk: written beside their place, moved into it only after the ledger has committed them."""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from connectors.evidence.errors import EvidenceInputError
from connectors.evidence.parquet_file import WrittenFile, write_parquet

PENDING = ".pending"
_SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class Landing:
    """The evidence folder: `<source>/<stream>/<first log index>[-<revision>].parquet`.

    Args:
        folder: the evidence folder.
        on_step: told the name of each durable step as it is reached.
    """

    def __init__(self, folder: Path, on_step: Callable[[str], None]) -> None:
        self.folder = folder
        self.on_step = on_step

    def new_name(self, source: str, stream: str, first_log_index: int, taken: Iterable[str] = ()) -> str:
        """A relative path for a file; `taken` are names in use, which a rewritten file must not have.

        Raises:
            EvidenceInputError: source or stream are no names for a folder.
        """
        for name in (source, stream):
            if not _SAFE_NAME.fullmatch(name):
                raise EvidenceInputError(
                    f"{name!r} is no name for a folder; use letters, digits, '_', '-' and '.'"
                )
        names, revision = set(taken), 0
        stem = name = f"{source}/{stream}/{first_log_index:012d}"
        while f"{name}.parquet" in names:
            revision += 1
            name = f"{stem}-{revision}"
        return f"{name}.parquet"

    def path(self, name: str) -> Path:
        """Where a committed file lies."""
        return self.folder / name

    def pending_path(self, name: str) -> Path:
        """Where the file lies until it is committed and moved."""
        return self.folder / (name + PENDING)

    def present_path(self, name: str) -> Path:
        """Where a committed file lies now: its place, or beside it while it is about to be moved there."""
        path = self.path(name)
        return path if path.exists() else self.pending_path(name)

    @contextmanager
    def written(self, name: str, tables: Iterable[pa.Table]) -> Iterator[WrittenFile]:
        """Write a file beside its place, durably; it is removed if the block fails.

        The block holds everything of the ledger transaction but its commit.
        """
        path = self.pending_path(name)
        self._make_folder(path.parent)
        self.on_step("pending opened")
        try:
            written = write_parquet(path, tables)
            sync_folder(path.parent)
            self.on_step("pending written")
            yield written
        except BaseException:
            self.discard_pending(name)
            raise

    def move_into_place(self, name: str) -> None:
        """Give a committed file its name. Another process that recovers may have done so already."""
        try:
            self.pending_path(name).replace(self.path(name))
        except FileNotFoundError:
            if not self.path(name).exists():
                raise
        self.on_step("renamed")
        sync_folder(self.path(name).parent)
        self.on_step("folder synced")

    def discard_pending(self, name: str) -> None:
        """Remove a file that was not committed."""
        self.pending_path(name).unlink(missing_ok=True)

    def remove(self, name: str) -> None:
        """Remove a file that a newer one replaces."""
        path = self.path(name)
        path.unlink(missing_ok=True)
        if path.parent.is_dir():
            sync_folder(path.parent)
        self.on_step("obsolete removed")

    def names(self) -> set[str]:
        """Relative paths of everything that lies in the folder."""
        found = (path for path in self.folder.rglob("*") if not path.is_dir())
        return {path.relative_to(self.folder).as_posix() for path in found}

    def _make_folder(self, folder: Path) -> None:
        missing = [each for each in (folder, *folder.parents) if not each.exists()]
        for each in reversed(missing):
            each.mkdir(exist_ok=True)
            sync_folder(each.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's entries durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
