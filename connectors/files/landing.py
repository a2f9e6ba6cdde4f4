"""The pages that files leave: their own bytes, and the records that were taken out of them."""

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import IO
from urllib.parse import quote

import msgspec

from connectors.errors import PermanentSourceError
from connectors.events import PageArrived
from connectors.evidence import EvidenceStore
from connectors.files.chunks import chunks_of
from connectors.files.documents import Derivation, Document, HeldDocument, Record

RECORD_PAGE_BYTES = 4 * 1024 * 1024
_IN_MEMORY_BYTES = 8 * 1024 * 1024
_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Pages:
    """Makes the pages of one source, and finds those that are held already.

    Attributes:
        store: Where evidence lies.
        source: Name of the source.
        clock: The time now, in UTC.
        files: The stream that holds files as they were given.
    """

    store: EvidenceStore
    source: str
    clock: Callable[[], datetime]
    files: str

    def of_file(self, scope: str, document: Document, content: IO[bytes]) -> Iterator[PageArrived]:
        """The file as given, cut where records end."""
        for part, body in enumerate(chunks_of(content, document.borders)):
            yield self._page(
                stream=self.files,
                place=_with(document.place, f"part={part}"),
                identity=f"{scope} {document.key} {document.sha256} {part}",
                body=body,
                record_count=1 if body else 0,
                headers=_headers(document, part),
                method="FILE",
            )

    def of_records(
        self, scope: str, held: HeldDocument, derivation: Derivation, records: Iterable[Record]
    ) -> Iterator[PageArrived]:
        """The records of a file, one a line in a JSON array."""
        for part, (body, count) in enumerate(record_bodies(records)):
            yield self._page(
                stream=derivation.stream,
                place=_with(held.place, f"records={derivation.stream}&part={part}"),
                identity=f"{scope} {held.key} {held.sha256} {derivation.version} {part}",
                body=body,
                record_count=count,
                headers={**_headers(held, part), "derivation": derivation.version},
                method="DERIVE",
            )

    def held(self, stream: str, identity: str, *, part_count: int) -> Iterator[PageArrived]:
        """Pages that stand for themselves once more.

        Raises:
            PermanentSourceError: One of them is not in evidence.
        """
        for part in range(part_count):
            key = self._request_key(stream, f"{identity} {part}")
            known = self.store.validator(key)
            if known is None or not isinstance(known.log_index, int):
                raise PermanentSourceError(
                    f"Page {part} of a document read before is not in evidence. Verify the evidence.",
                    source=self.source,
                    stream=stream,
                )
            yield PageArrived(
                url=known.next_url or "",
                status=0,
                headers={},
                fetched_at=self.clock(),
                body=b"",
                body_sha256=known.body_sha256,
                record_count=known.record_count,
                reused=known.log_index,
                request_key=key,
                is_remembered=True,
                next_place=known.next_url,
            )

    def held_file(self, scope: str, held: HeldDocument) -> Iterator[PageArrived]:
        """The pages of a file that has not changed."""
        return self.held(self.files, f"{scope} {held.key} {held.sha256}", part_count=held.part_count)

    def held_records(
        self, scope: str, held: HeldDocument, derivation: Derivation, *, part_count: int
    ) -> Iterator[PageArrived]:
        """The pages of records that would come out the same."""
        identity = f"{scope} {held.key} {held.sha256} {derivation.version}"
        return self.held(derivation.stream, identity, part_count=part_count)

    def open_held(self, scope: str, held: HeldDocument) -> IO[bytes]:
        """The file's bytes from evidence, put together again, at their beginning."""
        content: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES)  # noqa: SIM115 - the caller closes it
        for page in self.held_file(scope, held):
            if page.reused is not None:
                content.write(self.store.page(page.reused).body)
        content.seek(0)
        return content

    def _request_key(self, stream: str, identity: str) -> str:
        return hashlib.sha256(f"{self.source} {stream} {identity}".encode()).hexdigest()

    def _page(
        self,
        *,
        stream: str,
        place: str,
        identity: str,
        body: bytes,
        record_count: int,
        headers: dict[str, str],
        method: str,
    ) -> PageArrived:
        key, digest = self._request_key(stream, identity), hashlib.sha256(body).hexdigest()
        known = self.store.validator(key)
        is_held = known is not None and known.body_sha256 == digest and isinstance(known.log_index, int)
        return PageArrived(
            method=method,
            url=place,
            status=0,
            headers=headers,
            fetched_at=self.clock(),
            body=b"" if is_held else body,
            body_sha256=digest,
            record_count=record_count,
            reused=known.log_index if known and is_held and isinstance(known.log_index, int) else None,
            request_key=key,
            is_remembered=is_held,
            next_place=place,
        )


def file_place(path: str) -> str:
    """The place of a file below the folder that the settings name."""
    return f"file:{quote(path)}"


def _with(place: str, parameters: str) -> str:
    return f"{place}{'&' if '?' in place else '?'}{parameters}"


def _headers(document: Document | HeldDocument, part: int) -> dict[str, str]:
    return {**document.attributes, "content-sha256": document.sha256, "part": str(part)}


def record_bodies(records: Iterable[Record]) -> Iterator[tuple[bytes, int]]:
    """Bodies of whole records with their counts; without any record there is no page."""
    lines: list[bytes] = []
    size = 0
    for record in records:
        line = _encoder.encode(record)
        if lines and size + len(line) > RECORD_PAGE_BYTES:
            yield b"[" + b",\n".join(lines) + b"]", len(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line)
    if lines:
        yield b"[" + b",\n".join(lines) + b"]", len(lines)
