"""Files as a commit of a clone has them."""

import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO
from urllib.parse import quote

from connectors.errors import ConnectorError, PermanentSourceError
from connectors.git.commands import Git
from connectors.git.config import GitRepository
from connectors.git.history import tip_of
from connectors.git.settings import GitClone
from connectors.reports import Diagnosis

_EXECUTABLE = "git"
_BLOB = "blob"
_LINK = "120000"


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of a tree.

    Attributes:
        path: Its path.
        blob: Id of its content.
        byte_count: Size of its content.
    """

    path: str
    blob: str
    byte_count: int


@dataclass(frozen=True, slots=True)
class Clone:
    """A clone on disk, of which files are read as commits have them.

    Attributes:
        git: Git on it.
        repository: What the settings say about it.
    """

    git: Git
    repository: GitRepository

    @classmethod
    def of(cls, settings: GitClone, *, folder: Path, source: str) -> "Clone":
        """The clone that the settings name.

        Args:
            settings: Its name, path and branch.
            folder: What a relative path starts from.
            source: Name of the source, for errors.
        """
        path = (folder / settings.path).resolve()
        repository = GitRepository(name=settings.name, path=path, branch=settings.branch)
        return cls(Git(_EXECUTABLE, path, source, settings.name), repository)

    @property
    def name(self) -> str:
        """Full name of the repository."""
        return self.repository.name

    def tip(self) -> str | None:
        """The newest commit of the branch; None where there are no commits at all.

        Raises:
            PermanentSourceError: There are commits, but no such branch.
        """
        return tip_of(self.git, self.repository)

    def files_at(self, commit: str, paths: Iterable[str] = ()) -> list[TreeFile]:
        """The files of a commit's tree, or those of the paths; links and submodules are none.

        Args:
            commit: The commit.
            paths: Paths of files; all files without any.
        """
        named = tuple(paths)
        asked = ("--", *(f":(literal){path}" for path in named)) if named else ()
        printed = self.git.run("ls-tree", "-r", "-z", "--long", "--full-tree", commit, *asked)
        return list(_tree_files(printed))

    def content(self, file: TreeFile) -> bytes:
        """The content of a file."""
        return self.git.run("cat-file", _BLOB, file.blob)

    def opener(self, file: TreeFile) -> Callable[[], IO[bytes]]:
        """Opens the content of a file."""
        return partial(_opened, self, file)

    def place(self, file: TreeFile) -> str:
        """Where a file was found, whatever commit it was asked for at."""
        return f"git:{self.name}?path={quote(file.path)}&blob={file.blob}"

    def check_size(self, file: TreeFile, *, limit: int) -> None:
        """Refuse what nobody wrote by hand.

        Raises:
            PermanentSourceError: The file is larger than the limit.
        """
        if file.byte_count > limit:
            raise PermanentSourceError(
                f"The file has {file.byte_count} bytes; up to {limit} are read. Make it smaller.",
                page=self.place(file),
            )

    def check(self) -> Diagnosis:
        """Whether the clone can be read and has the branch."""
        title = f"clone of {self.name}"
        try:
            tip = self.tip()
        except ConnectorError as error:
            return Diagnosis(title, is_ok=False, message=str(error), remedy="Correct the path or branch.")
        state = "has no commits yet" if tip is None else f"is at {tip[:12]}"
        return Diagnosis(title, is_ok=True, message=f"The clone {state}.")


def _opened(clone: Clone, file: TreeFile) -> IO[bytes]:
    return io.BytesIO(clone.content(file))


def _tree_files(printed: bytes) -> Iterator[TreeFile]:
    for entry in printed.split(b"\0"):
        head, _, path = entry.partition(b"\t")
        if not path:
            continue
        mode, kind, blob, size = head.decode("ascii").split()
        if kind == _BLOB and mode != _LINK:
            yield TreeFile(path.decode("utf-8", "backslashreplace"), blob, int(size))
