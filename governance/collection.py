"""The collection register: which personal data is fetched, why, on which legal basis, and who confirmed it.

No entry, no collection. `governance/collection.yml`:

    entries:
      - kind: github
        streams: [pull_requests, reviews]
        personal_data: [account, free_text]
        purpose: Measure how long changes take from commit to production, by team and service
        legal_basis: Works agreement 2026-04, section 3
        retention: 24 months                  # optional: stated, and carried out by redaction
        valid_until: 2027-07-01               # optional: the first day on which it no longer counts
        confirmed_by: Ada Lovelace
        confirmed_on: 2026-07-01
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from governance.collection_checks import entry_faults
from governance.errors import RegisterError
from governance.yaml_documents import Document, read_document

REGISTER_FILE = "collection.yml"
NO_REGISTER = hashlib.sha256(b"").hexdigest()

KnownStreams = Mapping[str, Mapping[str, Collection[str]]]
"""By kind of source: its streams, and the categories of personal data that each brings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionEntry:
    """One decision about some streams of one kind of source.

    Attributes:
        kind: The kind of source.
        streams: The streams that it is about.
        personal_data: The categories that may be fetched.
        purpose: What for; None where nobody has said so yet.
        legal_basis: On which basis; None where nobody has said so yet.
        retention: How long, in words; None where nothing is said.
        valid_until: The first day on which it no longer counts; None for no end.
        confirmed_by: Who confirmed it; None where nobody has.
        confirmed_on: When.
        line: Where it stands in the file; 0 for an entry that no file holds.
    """

    kind: str
    streams: tuple[str, ...]
    personal_data: tuple[str, ...]
    purpose: str | None = None
    legal_basis: str | None = None
    retention: str | None = None
    valid_until: date | None = None
    confirmed_by: str | None = None
    confirmed_on: date | None = None
    line: int = 0

    def refusal(self, categories: Collection[str], *, on: date) -> str | None:
        """Why it does not allow a stream of its own, or None where it does.

        Args:
            categories: What the stream brings.
            on: The day.
        """
        missing = [category for category in categories if category not in self.personal_data]
        if missing:
            return f"the entry in line {self.line} does not name {', '.join(missing)}"
        if self.confirmed_by is None or self.confirmed_on is None:
            return f"the entry in line {self.line} is not confirmed"
        if on < self.confirmed_on:
            return f"the entry in line {self.line} counts from {self.confirmed_on} on"
        if self.has_lapsed(on=on):
            return f"the entry in line {self.line} lapsed on {self.valid_until}"
        return None

    def has_lapsed(self, *, on: date) -> bool:
        """Whether it no longer counts on a day, confirmed or not."""
        return self.valid_until is not None and on >= self.valid_until


@dataclass(frozen=True, slots=True)
class CollectionRegister:
    """All entries of a workspace.

    Attributes:
        path: The file, whether it is there or not.
        entries: In their order.
        sha256: The hash of the file; of nothing where there is none.
    """

    path: Path
    entries: tuple[CollectionEntry, ...] = ()
    sha256: str = NO_REGISTER

    @classmethod
    def load(cls, path: Path, known: KnownStreams) -> "CollectionRegister":
        """Read the file; one that is not there allows nothing.

        Args:
            path: `governance/collection.yml`.
            known: The streams and categories that there are.

        Raises:
            RegisterError: a key, a kind, a stream or a category that does not exist (the nearest one is
                suggested), or a value of the wrong form; file and line are named.
        """
        if not path.exists():
            return cls(path)
        document = read_document(path)
        for keys, fault in entry_faults(document.value, known):
            raise RegisterError(f"{document.place(*keys)}: {fault}")
        given = document.value.get("entries") or []
        entries = tuple(_entry(document, index, value) for index, value in enumerate(given))
        return cls(path, entries, hashlib.sha256(path.read_bytes()).hexdigest())

    def allows(self, kind: str, stream: str, categories: Collection[str], *, on: date) -> bool:
        """Whether a stream may be fetched: it brings nothing about people, or one entry covers all of it."""
        return self.refusal(kind, stream, categories, on=on) is None

    def refusal(self, kind: str, stream: str, categories: Collection[str], *, on: date) -> str | None:
        """Why a stream may not be fetched, or None where it may.

        Args:
            kind: The kind of source.
            stream: The stream.
            categories: What it brings about people.
            on: The day.
        """
        if not categories:
            return None
        refusals = [entry.refusal(categories, on=on) for entry in self.entries_of(kind, stream)]
        if not refusals:
            return "there is no entry for it"
        return None if None in refusals else refusals[-1]

    def entries_of(self, kind: str, stream: str) -> tuple[CollectionEntry, ...]:
        """Return the entries about a stream."""
        return tuple(entry for entry in self.entries if entry.kind == kind and stream in entry.streams)

    def leaf(self, *, payload_log_size: int) -> dict[str, Any]:
        """Return the event of the governance log: what counts from the next page on. It names nobody.

        Args:
            payload_log_size: Leaves of the payload log so far; the first page under this register comes next.
        """
        return {
            "v": 1,
            "kind": "collection_register",
            "sha256": self.sha256,
            "payload_log_size": payload_log_size,
            "entries": [_without_names(entry) for entry in self.entries],
        }


def _without_names(entry: CollectionEntry) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "streams": sorted(entry.streams),
        "personal_data": sorted(entry.personal_data),
        "purpose": entry.purpose,
        "legal_basis": entry.legal_basis,
        "retention": entry.retention,
        "valid_until": entry.valid_until.isoformat() if entry.valid_until else None,
        "confirmed_on": entry.confirmed_on.isoformat() if entry.confirmed_on else None,
    }


def _entry(document: Document, index: int, value: Mapping[str, Any]) -> CollectionEntry:
    streams = [value["stream"]] if "stream" in value else value["streams"]
    return CollectionEntry(
        kind=value["kind"],
        streams=tuple(streams),
        personal_data=tuple(value["personal_data"]),
        purpose=value.get("purpose"),
        legal_basis=value.get("legal_basis"),
        retention=value.get("retention"),
        valid_until=value.get("valid_until"),
        confirmed_by=value.get("confirmed_by"),
        confirmed_on=value.get("confirmed_on"),
        line=document.lines[("entries", str(index))],
    )
