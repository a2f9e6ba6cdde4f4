"""A scope that is one named file: it must be there, and its newest complete state is the whole set."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from connectors.errors import ConnectorError
from connectors.files.chunks import Borders
from connectors.files.documents import FILES, Derivation, Document, FileScope, HeldDocument, Listing
from connectors.files.landing import file_place
from connectors.files.snapshots import open_snapshot, state_of
from connectors.reports import Diagnosis


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFile:
    """A file that the settings name.

    Attributes:
        scope: What it is to the source.
        path: Where it lies.
        name: How pages and messages call it, see `shown_name`.
        borders: Where it may be cut.
        derivation: What is taken out of it.
        files: The stream that holds it as it was given.
    """

    scope: str
    path: Path
    name: str
    borders: Borders
    derivation: Derivation
    files: str = FILES

    def as_scope(self) -> FileScope:
        """The scope that is this file."""
        return FileScope(
            name=self.scope,
            listing=self._listing,
            derivations=(self.derivation,),
            check=self._check,
            files=self.files,
            is_whole=True,
        )

    def _listing(self, _held: Mapping[str, HeldDocument], _state: Mapping[str, Any]) -> Listing:
        return Listing((document_of(self.path, name=self.name, borders=self.borders),))

    def _check(self) -> Diagnosis:
        title = f"file {self.name}"
        try:
            held = HeldDocument(self.name, file_place(self.name), "", 0, {"path": self.name}, {})
            state = state_of(self.path, name=self.name)
            with open_snapshot(self.path, name=self.name, sha256=state.sha256) as content:
                count = sum(1 for _ in self.derivation.records(held, content))
        except ConnectorError as error:
            return Diagnosis(title, is_ok=False, message=str(error), remedy="Mend the file or the settings.")
        return Diagnosis(title, is_ok=True, message=f"{self.name} has {count} rows.")


def shown_name(path: Path) -> str:
    """A path as pages may show it: as the settings write it; of an absolute one only the file's name."""
    return path.name if path.is_absolute() else path.as_posix()


def document_of(
    path: Path, *, name: str, borders: Borders = Borders.LINES, key: str | None = None
) -> Document:
    """A file on disk as a document.

    Args:
        path: Where it lies.
        name: Its path as the settings write it.
        borders: Where it may be cut.
        key: What identifies it; None for the name.

    Raises:
        ConnectorError: It is not there, cannot be read, or is still being written.
    """
    state = state_of(path, name=name)
    return Document(
        key=name if key is None else key,
        place=file_place(name),
        sha256=state.sha256,
        open=partial(open_snapshot, path, name=name, sha256=state.sha256),
        borders=borders,
        attributes={"path": name, "last-modified": state.modified_at.isoformat()},
    )
