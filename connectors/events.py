"""What happens while a stream is read, in the order in which it is committed.

A reader of a source (an HTTP chain, a `git log`) yields these; the committer turns them into evidence.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.evidence import ParentVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """Where an interrupted window stands: read back from the cursor that its last commit left.

    Attributes:
        window_id: The window's id, given when it was opened.
        next_place: Where the first missing page is found; None if only the closing is missing.
        pages: Log indexes of the pages that the window has so far.
        record_count: Records on those pages.
        claimed_total: What the source said it holds, if it did.
        started_at: When the window was opened.
        requested_from: Start of the range asked for.
        requested_until: End of the range asked for.
        parent_key: The parent that the window is about.
        progress: What the reader had learned up to here.
    """

    window_id: str
    next_place: str | None
    pages: tuple[int, ...]
    record_count: int
    claimed_total: int | None
    started_at: datetime
    requested_from: datetime | None
    requested_until: datetime | None
    parent_key: str | None
    progress: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowOpened:
    """A fetch starts, or goes on where an earlier run broke off.

    Attributes:
        scope: Repository or organisation.
        started_at: When it started.
        parent_key: The parent that the window is about, if any.
        requested_from: Start of the range asked for; None for everything.
        requested_until: End of the range asked for; None for everything.
        cursor: The scope's cursor, which stands unchanged until the window is closed.
        resumed: The interrupted window that this goes on with.
        is_resumable: Whether a later run may go on in the middle; a set that must be of one time starts
            again.
    """

    scope: str
    started_at: datetime
    parent_key: str | None = None
    requested_from: datetime | None = None
    requested_until: datetime | None = None
    cursor: Mapping[str, Any] = field(default_factory=dict)
    resumed: Resumption | None = None
    is_resumable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class PageArrived:
    """A page of the open window, new or one that is held already.

    Attributes:
        url: What was asked, without secrets.
        status: The answer's status.
        headers: The headers to keep.
        fetched_at: When the answer was complete.
        body: The body; empty where the page is held already.
        body_sha256: Hash of the body.
        record_count: Records on the page.
        reused: Log index of the held page that this equals; None for a new page.
        request_key: Key of the request for the next time; None if it is not to be remembered.
        etag: The answer's `ETag`.
        last_modified: The answer's `Last-Modified`.
        is_remembered: Whether what is remembered of the request is already exactly this.
        next_place: Where the window goes on; None after its last page.
        claimed_total: What the source says it holds in the range asked for.
        parents: Records of the page that children are fetched for.
        progress: What the reader has learned up to and including this page.
        method: How it was asked for.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    fetched_at: datetime
    body: bytes
    body_sha256: str
    record_count: int
    reused: int | None = None
    request_key: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    is_remembered: bool = False
    next_place: str | None = None
    claimed_total: int | None = None
    parents: tuple[ParentVersion, ...] = ()
    progress: Mapping[str, Any] = field(default_factory=dict)
    method: str = "GET"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowClosed:
    """The open window is complete.

    Attributes:
        cursor: The scope's new cursor; None where progress is kept per parent.
        done_version: The parent's version that the children were read for; None without parent.
        done_parents: Further parents whose children the window's pages hold, by key, with their versions.
    """

    cursor: Mapping[str, Any] | None = None
    done_version: str | None = None
    done_parents: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentGone:
    """A parent that no longer exists: its children are not asked for again until it shows up changed."""

    scope: str
    parent_key: str
    version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentsCovered:
    """Parents whose children stood in a listing that was read beside: they need none of their own.

    Attributes:
        scope: Repository or project.
        versions: Key and version of each.
    """

    scope: str
    versions: tuple[tuple[str, str], ...]


Event = WindowOpened | PageArrived | WindowClosed | ParentGone | ParentsCovered
