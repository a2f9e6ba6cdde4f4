"""Which files of a drop have arrived: complete ones, in the order in which they were written."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from connectors.drops.declarations import Drop
from connectors.drops.formats import BORDERS
from connectors.errors import ConnectorError, PermanentSourceError
from connectors.files.documents import Document, Found, HeldDocument, Kept, Listing, Refused
from connectors.files.named import document_of
from connectors.reports import Diagnosis

UNFINISHED = (".partial", ".part", ".tmp", ".crdownload", ".filepart", "~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """The files of one drop.

    Attributes:
        drop: What they are declared to be.
        folder: Where they are laid.
        clock: The time now, in UTC.
        settle_seconds: A file written within so many seconds may not be complete.
    """

    drop: Drop
    folder: Path
    clock: Callable[[], datetime]
    settle_seconds: float

    def deliveries(self, held: Mapping[str, HeldDocument], state: Mapping[str, Any]) -> Listing:
        """Every file that is there, by its content: one that was renamed is the same delivery.

        A file that goes back to what it once held has changed again, and is a delivery of its own: without
        that, what it said in between would stay the newest.
        """
        paths: dict[str, str] = {}
        return Listing(self._each(held, state.get("paths", {}), paths), {"paths": paths})

    def newest(self, held: Mapping[str, HeldDocument], _state: Mapping[str, Any]) -> Listing:
        """The newest file only, unless what is held is newer.

        Raises:
            ConnectorError: It cannot be read.
        """
        known = held.get(self.drop.name)
        arrived = self._arrived()
        found: Found = Kept(self.drop.name)
        if arrived:
            newest = self._document(arrived[-1], key=self.drop.name)
            if known is None or _order(newest.attributes) >= _order(known.attributes):
                found = newest
        elif known is None:
            return Listing(())
        return Listing((found,))

    def check(self) -> Diagnosis:
        """Whether the folder is there, and how many files have arrived."""
        title = f"drop {self.drop.name}"
        try:
            count = len(self._arrived())
        except ConnectorError as error:
            return Diagnosis(title, is_ok=False, message=str(error), remedy="Correct the folder.")
        return Diagnosis(title, is_ok=True, message=f"{count} files have arrived at {self.drop.path}.")

    def _each(
        self, held: Mapping[str, HeldDocument], before: Mapping[str, str], now: dict[str, str]
    ) -> Iterator[Found]:
        counts = Counter(document.sha256 for document in held.values())
        for path in self._arrived():
            name = self._name(path)
            try:
                document = self._document(path, key="")
            except ConnectorError as error:
                yield Refused(name, error)
                continue
            digest = now[name] = document.sha256
            has_returned = counts[digest] > 0 and before.get(name, digest) != digest
            key = f"{digest}~{counts[digest] + 1}" if has_returned else digest
            yield replace(document, key=key)

    def _document(self, path: Path, *, key: str) -> Document:
        return document_of(path, name=self._name(path), borders=BORDERS[self.drop.format], key=key)

    def _arrived(self) -> list[Path]:
        """Complete files below the folder, oldest first.

        Raises:
            PermanentSourceError: There is no such folder.
        """
        root = self.folder.resolve()
        if not root.is_dir():
            raise PermanentSourceError(
                "The folder of the drops is not there. Make it, or correct it in the settings.",
                page=self.drop.path,
            )
        found = [
            (written, path.relative_to(root).as_posix(), path)
            for path in root.glob(self.drop.path)
            if (written := self._written_at(path, root)) is not None
        ]
        return [path for _, _, path in sorted(found)]

    def _written_at(self, path: Path, root: Path) -> datetime | None:
        """When a file was written; None if it is none, is not complete, or was just taken away."""
        name = path.name
        if name.startswith(".") or name.lower().endswith(UNFINISHED) or not path.is_file():
            return None
        if not path.resolve().is_relative_to(root):
            return None
        try:
            written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        except OSError:
            return None
        age = (self.clock() - written).total_seconds()
        return None if 0 <= age < self.settle_seconds else written

    def _name(self, path: Path) -> str:
        return path.relative_to(self.folder.resolve()).as_posix()


def _order(attributes: Mapping[str, str]) -> tuple[datetime, str]:
    return datetime.fromisoformat(attributes["last-modified"]), attributes["path"]
