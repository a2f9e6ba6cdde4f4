"""From documents to events: what changed is checked as a whole and landed, what did not stands once more."""

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from connectors.errors import ConnectorError
from connectors.events import Event, PageArrived, WindowClosed, WindowOpened
from connectors.evidence import EvidenceStore
from connectors.files.documents import (
    Derivation,
    Document,
    FileScope,
    Found,
    Grouping,
    HeldDocument,
    Listing,
    Refused,
)
from connectors.files.landing import Pages

Refusal = Callable[[str, ConnectorError], None]
Events = Generator[Event, None, None]


@dataclass(frozen=True, slots=True)
class FileReading:
    """Reads the scopes of one source of files.

    Attributes:
        store: Where evidence goes.
        source: Name of the source.
        pages: Makes pages.
        refuse: Told of documents that could not be read while the rest went on.
    """

    store: EvidenceStore
    source: str
    pages: Pages
    refuse: Refusal

    def files(self, scope: FileScope) -> Events:
        """The documents as they were given.

        Raises:
            ConnectorError: The scope could not be read; what is known of it stays.
        """
        cursor = self.store.cursor(self.source, scope.files, scope.name) or {}
        held = HeldDocument.all_in(cursor)
        listing = scope.listing(held, cursor.get("state", {}))
        if scope.grouping is Grouping.EACH:
            yield from self._deliveries(scope, held, listing)
            return
        yield self._opened(scope)
        found: dict[str, HeldDocument] = {}
        for document in listing.documents:
            arrival = yield from self._member(scope, document, held.get(document.key))
            if arrival is not None:
                found[arrival.key] = arrival
        state = {key: each.to_state() for key, each in found.items()}
        yield WindowClosed(cursor={"documents": state, "state": dict(listing.state)})

    def records(self, scope: FileScope, derivation: Derivation) -> Events:
        """What is taken out of the documents in evidence."""
        files = HeldDocument.all_in(self.store.cursor(self.source, scope.files, scope.name))
        cursor = self.store.cursor(self.source, derivation.stream, scope.name) or {}
        progress = Progress(derivation, dict(cursor.get("documents", {})))
        if scope.grouping is Grouping.EACH:
            yield from self._delivered_records(scope, progress, files)
            return
        progress.done = {key: entry for key, entry in progress.done.items() if key in files}
        yield self._opened(scope)
        total = _total(files.values(), derivation.version)
        for held in files.values():
            for page in self._records_of(scope, held, progress):
                yield replace(page, claimed_total=total)
        yield WindowClosed(cursor=progress.to_cursor())

    def _deliveries(self, scope: FileScope, held: Mapping[str, HeldDocument], listing: Listing) -> Events:
        """Documents that were not read before, a window each; then one that says that the scope was seen."""
        state = {key: each.to_state() for key, each in held.items()}
        for document in listing.documents:
            if isinstance(document, Refused):
                self.refuse(document.key, document.error)
            elif isinstance(document, Document) and document.key not in state:
                opened = self._opened(scope, parent_key=document.key)
                arrival = yield from self._arrived(scope, document, None, opened)
                if arrival is not None:
                    state[arrival.key] = arrival.to_state()
                    yield WindowClosed(cursor={"documents": state, "state": dict(listing.state)})
        yield self._opened(scope)
        yield WindowClosed(cursor={"documents": state, "state": dict(listing.state)})

    def _delivered_records(
        self, scope: FileScope, progress: "Progress", files: Mapping[str, HeldDocument]
    ) -> Events:
        for held in files.values():
            if progress.is_done(held):
                continue
            yield self._opened(scope, parent_key=held.key)
            total = held.counts.get(progress.derivation.version)
            for page in self._records_of(scope, held, progress):
                yield replace(page, claimed_total=total)
            yield WindowClosed(cursor=progress.to_cursor())
        yield self._opened(scope)
        yield WindowClosed(cursor=progress.to_cursor())

    def _member(
        self, scope: FileScope, document: Found, known: HeldDocument | None
    ) -> Generator[Event, None, HeldDocument | None]:
        """The pages of a document of a set; returns what is held of it now."""
        if isinstance(document, Document):
            return (yield from self._arrived(scope, document, known))
        if isinstance(document, Refused):
            self.refuse(document.key, document.error)
        if known is not None:
            yield from self.pages.held_file(scope.name, known)
        return known

    def _arrived(
        self,
        scope: FileScope,
        document: Document,
        known: HeldDocument | None,
        opened: WindowOpened | None = None,
    ) -> Generator[Event, None, HeldDocument | None]:
        """The pages of a document; returns what is held of it now, None where it was refused."""
        if known is not None and known.sha256 == document.sha256 and known.place == document.place:
            yield from self.pages.held_file(scope.name, known)
            return known
        try:
            counts = _checked(scope, document)
        except ConnectorError as error:
            error.page = error.page or document.place
            if scope.is_whole:
                raise
            self.refuse(document.key, error)
            if known is not None:
                yield from self.pages.held_file(scope.name, known)
            return known
        if opened is not None:
            yield opened
        part_count = 0
        with document.open() as content:
            for page in self.pages.of_file(scope.name, document, content):
                part_count += 1
                yield page
        return HeldDocument(
            key=document.key,
            place=document.place,
            sha256=document.sha256,
            part_count=part_count,
            attributes=document.attributes,
            counts=counts,
        )

    def _records_of(
        self, scope: FileScope, held: HeldDocument, progress: "Progress"
    ) -> Iterator[PageArrived]:
        derivation = progress.derivation
        if progress.is_done(held):
            part_count = progress.part_count(held)
            yield from self.pages.held_records(scope.name, held, derivation, part_count=part_count)
            return
        part_count = 0
        with self.pages.open_held(scope.name, held) as content:
            records = derivation.records(held, content)
            for page in self.pages.of_records(scope.name, held, derivation, records):
                part_count += 1
                yield page
        progress.mark(held, part_count)

    def _opened(self, scope: FileScope, parent_key: str | None = None) -> WindowOpened:
        return WindowOpened(
            scope=scope.name, started_at=self.pages.clock(), parent_key=parent_key, is_resumable=False
        )


@dataclass(slots=True)
class Progress:
    """Which documents a stream's records were taken out of, by which version and onto how many pages."""

    derivation: Derivation
    done: dict[str, Any] = field(default_factory=dict)

    def is_done(self, held: HeldDocument) -> bool:
        """Whether the same bytes were read by the same version before."""
        entry = self.done.get(held.key)
        return entry is not None and entry["version"] == self._version(held)

    def part_count(self, held: HeldDocument) -> int:
        """Pages that hold the document's records."""
        return int(self.done[held.key]["part_count"])

    def mark(self, held: HeldDocument, part_count: int) -> None:
        """Remember a document as read."""
        self.done[held.key] = {"version": self._version(held), "part_count": part_count}

    def to_cursor(self) -> dict[str, Any]:
        """The stream's cursor."""
        return {"documents": self.done}

    def _version(self, held: HeldDocument) -> str:
        return f"{held.sha256} {held.place} {self.derivation.version}"


def _checked(scope: FileScope, document: Document) -> dict[str, int]:
    """Read a document to its end, for every stream, before anything of it lands; returns the counts.

    Raises:
        ConnectorError: It is not what it should be.
    """
    counts: dict[str, int] = {}
    held = HeldDocument(document.key, document.place, document.sha256, 0, document.attributes, {})
    for derivation in scope.derivations:
        with document.open() as content:
            counts[derivation.version] = sum(1 for _ in derivation.records(held, content))
    return counts


def _total(documents: Iterable[HeldDocument], version: str) -> int | None:
    counts = [held.counts.get(version) for held in documents]
    return None if None in counts else sum(count for count in counts if count is not None)
