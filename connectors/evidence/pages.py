"""The values that go into evidence: pages, the windows they close, and where to continue."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Page:
    """One response body exactly as received after content decoding, with its request."""

    source: str
    stream: str
    scope: str
    parent_key: str | None
    window_id: str
    sequence: int
    method: str
    url: str
    status: int
    headers: Mapping[str, str]
    fetched_at: datetime
    run_id: str
    body: bytes
    record_count: int


@dataclass(frozen=True, slots=True)
class PageRef:
    """A page of the batch that is being committed, by its position in `Batch.pages`.

    Committed pages are named by their log index, a plain integer. References may stand in
    `WindowClose.pages`, in `Validator.log_index`, and anywhere inside `CursorUpdate.state`, where the
    commit puts the log index in place.
    """

    position: int


@dataclass(frozen=True, slots=True)
class WindowClose:
    """A fetch that came to its end: what was asked for, and all pages that answered. Evidence for absence."""

    window_id: str
    source: str
    stream: str
    scope: str
    parent_key: str | None
    requested_from: datetime | None
    requested_until: datetime | None
    started_at: datetime
    closed_at: datetime
    run_id: str
    claimed_total: int | None
    record_count: int
    pages: tuple[PageRef | int, ...]


@dataclass(frozen=True, slots=True)
class CursorUpdate:
    """Where a stream continues; `state` is JSON that only the stream's engine understands."""

    source: str
    stream: str
    scope: str
    state: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Validator:
    """What a conditional request needs, and which page stands for "not modified".

    `request_key` is the hex sha256 of method and URL.
    """

    request_key: str
    etag: str | None
    last_modified: str | None
    log_index: int | PageRef
    next_url: str | None
    body_sha256: str
    record_count: int


@dataclass(frozen=True, slots=True)
class ParentVersion:
    """A parent whose children are fetched one by one, with what the fan-out needs."""

    source: str
    stream: str
    scope: str
    parent_key: str
    version: str
    attributes: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ChildDone:
    """The children of a parent were fetched for this version of it. `stream` is the children's."""

    source: str
    stream: str
    scope: str
    parent_key: str
    version: str


@dataclass(slots=True)
class Batch:
    """What is committed together: one Parquet file (if there are pages) and one ledger transaction.

    All pages of a batch are of one source and stream; everything else may be of any.
    """

    pages: list[Page] = field(default_factory=list)
    closed_windows: list[WindowClose] = field(default_factory=list)
    cursors: list[CursorUpdate] = field(default_factory=list)
    validators: list[Validator] = field(default_factory=list)
    parents: list[ParentVersion] = field(default_factory=list)
    children_done: list[ChildDone] = field(default_factory=list)
