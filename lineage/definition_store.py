"""Where definitions are kept: content-addressed files that nobody can alter unseen.

`<document>.json` is the canonical JSON of what was hashed, with the words that explain it;
`parts/<hash>.txt` is the canonical SQL, or the contract of a source, or a step, that documents name. A
file's name is the SHA-256 of its bytes, so two definitions that share a model share its file, and writing
one twice is no harm.
"""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lineage.definitions import MetricDefinition
from lineage.errors import DefinitionError
from lineage.ledger import canonical_json

_PARTS = "parts"
_NAMED = ("models", "cells", "settings", "sources", "steps")
_PARTLY = ".partly"


@dataclass(frozen=True, slots=True)
class StoredDefinition:
    """A definition read back: hashes that were found to be right, the document, the words.

    Attributes:
        metric: The metric, or the relation of a mart.
        sha256: The definition hash, which people sign.
        document_sha256: The name of its file.
        document: What was hashed.
        words: Title, sentence and the like, by version and profile.
    """

    metric: str
    sha256: str
    document_sha256: str
    document: Mapping[str, Any]
    words: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DefinitionStore:
    """The files of definitions in one folder."""

    folder: Path

    def write(self, definition: MetricDefinition) -> str:
        """Keep a definition and return the SHA-256 that names its document; every byte is on disk then.

        Raises:
            DefinitionError: a file of that name holds other bytes.
        """
        for digest, text in sorted(definition.texts.items()):
            self._keep(self.folder / _PARTS / f"{digest}.txt", text.encode())
        content = spell_document(definition)
        digest = hashlib.sha256(content).hexdigest()
        self._keep(self.folder / f"{digest}.json", content)
        return digest

    def read(self, document_sha256: str) -> StoredDefinition:
        """Read a definition by the name of its document.

        Raises:
            DefinitionError: it is missing, or not what its name says.
        """
        content = self._content(self.folder / f"{document_sha256}.json", document_sha256)
        value = json.loads(content)
        document = value["definition"]
        digest = hashlib.sha256(canonical_json(document)).hexdigest()
        return StoredDefinition(document["metric"], digest, document_sha256, document, value["words"])

    def part(self, digest: str) -> str:
        """Read canonical SQL, or the canonical JSON of a contract or step, by its hash.

        Raises:
            DefinitionError: it is missing, or not what its name says.
        """
        return self._content(self.folder / _PARTS / f"{digest}.txt", digest).decode()

    def names(self) -> Iterator[str]:
        """Yield the names of all documents."""
        for path in sorted(self.folder.glob("*.json")):
            yield path.stem

    def problems(self, expected: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str, bool]]:
        """Yield (object, problem, is fatal) of everything that is not as the ledger says.

        Args:
            expected: (definition hash, document hash) of every definition that was ever in force.
        """
        named: set[str] = set()
        texts: set[str] = set()
        for sha256, document_sha256 in sorted(set(expected)):
            named.add(document_sha256)
            try:
                found = self.read(document_sha256)
            except DefinitionError as error:
                yield f"{document_sha256}.json", str(error), True
                continue
            if found.sha256 != sha256:
                yield (
                    f"{document_sha256}.json",
                    f"hashes to {found.sha256}, not to {sha256} as recorded",
                    True,
                )
            texts.update(part_hashes(found.document))
        for digest in sorted(texts):
            try:
                self.part(digest)
            except DefinitionError as error:
                yield f"{_PARTS}/{digest}.txt", str(error), True
        for name in self.names():
            if name not in named:
                yield f"{name}.json", "was written, and its publication was never announced", False

    def _keep(self, path: Path, content: bytes) -> None:
        if path.exists():
            if path.read_bytes() != content:
                raise DefinitionError(
                    f"{path} does not hold what its name says. Find out why with: assay verify"
                )
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        partly = path.with_name(path.name + _PARTLY)
        with partly.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partly.replace(path)
        _sync(path.parent)

    @staticmethod
    def _content(path: Path, digest: str) -> bytes:
        try:
            content = path.read_bytes()
        except OSError as error:
            raise DefinitionError(f"the definition's file {path.name} cannot be read: {error}") from error
        found = hashlib.sha256(content).hexdigest()
        if found != digest:
            raise DefinitionError(f"{path.name} has the SHA-256 {found}: it was altered since it was written")
        return content


def spell_document(definition: MetricDefinition) -> bytes:
    """Return the bytes of a definition's file."""
    return canonical_json({"v": 1, "definition": dict(definition.document), "words": dict(definition.words)})


def part_hashes(document: Mapping[str, Any]) -> set[str]:
    """Return the hashes of the parts that a definition names."""
    return {digest for name in _NAMED for digest in document.get(name, {}).values()}


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
