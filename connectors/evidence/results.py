"""The values that come out of evidence."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class CommitResult:
    """Log indexes of the batch's pages and windows, in their order, and the file that holds the pages."""

    page_indexes: tuple[int, ...]
    window_indexes: tuple[int, ...]
    path: Path | None
    file_bytes: int


@dataclass(frozen=True, slots=True)
class RecoveryReport:
    """What start-up found and mended after a crash: names of files."""

    finished: tuple[str, ...] = ()
    discarded: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EvidenceFile:
    """A committed Parquet file. `bytes` is its size on disk, `body_bytes` that of the bodies in it."""

    path: Path
    source: str
    stream: str
    first_log_index: int
    last_log_index: int
    pages: int
    records: int
    body_bytes: int
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class StreamTotals:
    """What is kept of one stream; `bytes` as received, `file_bytes` on disk."""

    source: str
    stream: str
    files: int
    pages: int
    records: int
    bytes: int
    file_bytes: int


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page as it lies in evidence, and the file that holds it."""

    log_index: int
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
    body_sha256: str
    record_count: int
    body: bytes
    path: Path


@dataclass(frozen=True, slots=True)
class PageOpening:
    """What a page's leaf commits to, and the salt (hexadecimal) without which nobody can check that."""

    salt: str
    metadata: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """One top-level record: its page, and its value (JSON, or text where the body is not JSON)."""

    record_id: int
    ordinal: int
    page: StoredPage
    value: Any


@dataclass(frozen=True, slots=True)
class Redaction:
    """A recorded redaction, and where in the governance log it stands.

    `signers` are key ids. `copies` are other pages whose body was the same: they may need the same redaction.
    """

    log_index: int
    json_paths: tuple[str, ...]
    policy: str
    reason: str
    signers: tuple[str, ...]
    redacted_at: datetime
    governance_index: int
    copies: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CompactionReport:
    """Files and bytes on disk of a stream before and after."""

    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One object that is not as it was recorded. A note (`is_fatal` false) says what is merely unfinished."""

    object_name: str
    problem: str
    is_fatal: bool = True
