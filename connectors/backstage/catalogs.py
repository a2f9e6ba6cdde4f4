"""Where catalog files are: those that match a pattern, and those that they point to in the same place."""

import hashlib
import io
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from connectors.backstage.entities import Entity, entities_of
from connectors.errors import ConnectorError, PermanentSourceError
from connectors.files.clones import Clone, TreeFile
from connectors.files.documents import Document, Found, HeldDocument, Kept, Listing, Refused
from connectors.files.named import document_of
from connectors.files.patterns import path_pattern
from connectors.files.yaml_documents import MOST_BYTES
from connectors.reports import Diagnosis

LOCATION = "location"
_ELSEWHERE = re.compile(r"^[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_SKIPPED_FOLDERS = (".git", "node_modules", ".venv")

OpenFile = Callable[[str], Document]


@dataclass(frozen=True, slots=True)
class CatalogWalk:
    """Catalog files among the files of one place.

    Attributes:
        paths: All files of the place.
        patterns: Patterns of paths where catalog files are looked for.
        open_file: The document at a path.
    """

    paths: Sequence[str]
    patterns: tuple[str, ...]
    open_file: OpenFile

    def documents(self) -> Iterator[Found]:
        """Every catalog file once, in the order of paths; those pointed to come after those found."""
        waiting = [path for path in sorted(self.paths) if self._is_catalog(path)]
        seen = set(waiting)
        while waiting:
            path = waiting.pop(0)
            try:
                document = self.open_file(path)
                with document.open() as content:
                    targets = [
                        each for entity in entities_of(content) for each in self._targets(path, entity)
                    ]
            except ConnectorError as error:
                error.page = error.page or path
                yield Refused(path, error)
                continue
            yield document
            fresh = sorted({target for target in targets if target not in seen})
            seen.update(fresh)
            waiting.extend(fresh)

    def _is_catalog(self, path: str) -> bool:
        return any(path_pattern(pattern).fullmatch(path) for pattern in self.patterns)

    def _targets(self, path: str, entity: Entity) -> Iterator[str]:
        """Files of the same place that a location points to; addresses elsewhere are left alone.

        Raises:
            PermanentSourceError: A path leads out of the place, or nowhere.
        """
        if entity.reference.kind != LOCATION:
            return
        listed = entity.spec.get("targets")
        for target in (entity.spec.get("target"), *(listed if isinstance(listed, list) else ())):
            if not isinstance(target, str) or _ELSEWHERE.match(target):
                continue
            inside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
            if inside.startswith(("..", "/")):
                raise PermanentSourceError(f"The target {target!r} leads out of the repository. Correct it.")
            matching = [each for each in self.paths if path_pattern(inside).fullmatch(each)]
            if not matching and "*" not in inside:
                raise PermanentSourceError(f"The target {target!r} is not there. Correct it.")
            yield from matching


@dataclass(frozen=True, slots=True)
class CloneCatalog:
    """The catalog files at the head of a branch.

    Attributes:
        clone: The clone.
        patterns: Patterns of paths where catalog files are looked for.
    """

    clone: Clone
    patterns: tuple[str, ...]

    def listing(self, held: Mapping[str, HeldDocument], state: Mapping[str, Any]) -> Listing:
        """The files at the branch's head; nothing is looked at again while the head stays.

        Raises:
            PermanentSourceError: The clone cannot be read.
        """
        tip = self.clone.tip()
        if tip is None:
            return Listing(())
        seen = {"head": tip, "patterns": list(self.patterns)}
        if state == seen:
            return Listing([Kept(key) for key in held], seen)
        files = {file.path: file for file in self.clone.files_at(tip)}
        walk = CatalogWalk(tuple(files), self.patterns, partial(self._document, files))
        found = list(walk.documents())
        is_clean = not any(isinstance(each, Refused) for each in found)
        return Listing(found, seen if is_clean else {})

    def check(self) -> Diagnosis:
        """Whether the clone can be read."""
        return self.clone.check()

    def _document(self, files: Mapping[str, TreeFile], path: str) -> Document:
        file = files[path]
        self.clone.check_size(file, limit=MOST_BYTES)
        content = self.clone.content(file)
        return Document(
            key=path,
            place=self.clone.place(file),
            sha256=hashlib.sha256(content).hexdigest(),
            open=partial(_reopened, content),
            attributes={"path": path, "blob": file.blob},
        )


@dataclass(frozen=True, slots=True)
class FolderCatalog:
    """The catalog files of a folder.

    Attributes:
        folder: The folder.
        patterns: Patterns of paths where catalog files are looked for.
    """

    folder: Path
    patterns: tuple[str, ...]

    def listing(self, _held: Mapping[str, HeldDocument], _state: Mapping[str, Any]) -> Listing:
        """The files that are there now.

        Raises:
            PermanentSourceError: There is no such folder.
        """
        walk = CatalogWalk(tuple(self._paths()), self.patterns, self._document)
        return Listing(walk.documents())

    def check(self) -> Diagnosis:
        """Whether the folder is there."""
        title = f"folder {self.folder.name}"
        try:
            count = sum(1 for _ in self._paths())
        except ConnectorError as error:
            return Diagnosis(title, is_ok=False, message=str(error), remedy="Correct the folder.")
        return Diagnosis(title, is_ok=True, message=f"The folder has {count} files.")

    def _paths(self) -> Iterator[str]:
        if not self.folder.is_dir():
            raise PermanentSourceError(
                "The folder of the catalog is not there. Correct it in the settings.", page=self.folder.name
            )
        for path in self.folder.rglob("*"):
            inside = path.relative_to(self.folder)
            if path.is_file() and not path.is_symlink() and not set(inside.parts) & set(_SKIPPED_FOLDERS):
                yield inside.as_posix()

    def _document(self, path: str) -> Document:
        return document_of(self.folder / path, name=path)


def _reopened(content: bytes) -> IO[bytes]:
    return io.BytesIO(content)
