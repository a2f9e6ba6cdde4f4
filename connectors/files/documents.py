"""What a source of files is made of: documents as they were found, and how records are taken out of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import IO, Any

from connectors.errors import ConnectorError
from connectors.files.chunks import Borders
from connectors.reports import Diagnosis
from connectors.streams import Stream

FILES = "files"
"""Usual name of the stream that holds files as they were given."""

Record = dict[str, Any]


class Grouping(StrEnum):
    """How the documents of a scope belong together."""

    SET = "set"
    """Those found last are the whole scope: what is not found any more is gone."""

    EACH = "each"
    """Each document is a delivery of its own: it is read once and stays, whatever becomes of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A file as it was at one moment.

    Attributes:
        key: What identifies the document in its scope: a path, a commit, or the hash of its bytes.
        place: Where it was found, without any path of the machine: `file:roster.csv`.
        sha256: Hash of its bytes.
        open: Opens exactly these bytes, at their beginning.
        borders: Where the file may be cut.
        attributes: What else is known of it: kept with every page, and handed on to its records.
    """

    key: str
    place: str
    sha256: str
    open: Callable[[], IO[bytes]]
    borders: Borders = Borders.LINES
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """A document that could not be read; what is known of the key from before stays in force."""

    key: str
    error: ConnectorError


@dataclass(frozen=True, slots=True)
class Kept:
    """A document of which nobody needs to look at the bytes to know that it is as it was."""

    key: str


Found = Document | Refused | Kept


@dataclass(frozen=True, slots=True)
class Listing:
    """What a scope holds now.

    Attributes:
        documents: The documents in the order of the set, looked at one after the other.
        state: What the next listing wants to know, as JSON; it may grow while documents are looked at.
    """

    documents: Iterable[Found]
    state: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeldDocument:
    """A document whose bytes are in evidence.

    Attributes:
        key: What identifies it in its scope.
        place: Where it was found.
        sha256: Hash of its bytes.
        part_count: Pages that hold it.
        attributes: What else was known of it.
        counts: Records that were taken out of it on arrival, by the derivation's version.
    """

    key: str
    place: str
    sha256: str
    part_count: int
    attributes: Mapping[str, str]
    counts: Mapping[str, int]

    def to_state(self) -> dict[str, Any]:
        """As it stands in a cursor, below its key."""
        return {
            "place": self.place,
            "sha256": self.sha256,
            "part_count": self.part_count,
            "attributes": dict(self.attributes),
            "counts": dict(self.counts),
        }

    @classmethod
    def all_in(cls, cursor: Mapping[str, Any] | None) -> "dict[str, HeldDocument]":
        """The documents of a cursor by key, in their order."""
        documents: Mapping[str, Any] = (cursor or {}).get("documents", {})
        return {key: cls(key=key, **state) for key, state in documents.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """How the records of one stream are taken out of a document: a function of its bytes and its attributes.

    Attributes:
        stream: The stream.
        version: Begins with the stream's name, and changes whenever the same bytes would give other records.
        records: The records in the file's order.
    """

    stream: str
    version: str
    records: Callable[[HeldDocument, IO[bytes]], Iterator[Record]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileScope:
    """One scope of a source of files.

    Attributes:
        name: The scope.
        listing: What it holds, given what is held and the state that the last listing left.
        derivations: What is taken out of its documents.
        check: Whether it can be read at all.
        grouping: How its documents belong together.
        files: The stream that holds its files as they were given.
        is_whole: Whether one refused document stops the scope: without it there would be no set at all.
    """

    name: str
    listing: Callable[[Mapping[str, HeldDocument], Mapping[str, Any]], Listing]
    derivations: tuple[Derivation, ...]
    check: Callable[[], Diagnosis]
    grouping: Grouping = Grouping.SET
    files: str = FILES
    is_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FileKind:
    """What is particular to one kind of file source.

    Attributes:
        kind: The kind.
        streams: The streams that the settings ask for, each after its parent.
        scopes: Where documents are found.
    """

    kind: str
    streams: tuple[Stream, ...]
    scopes: tuple[FileScope, ...]
