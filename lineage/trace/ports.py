"""What a trace needs of whoever keeps the evidence. The store is handed in; this room does not know it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol


class EvidencePage(Protocol):
    """A page as it lies in evidence."""

    @property
    def log_index(self) -> int:
        """Its leaf in the payload log."""

    @property
    def source(self) -> str:
        """The configured source."""

    @property
    def stream(self) -> str:
        """The stream."""

    @property
    def scope(self) -> str:
        """Repository or organisation."""

    @property
    def parent_key(self) -> str | None:
        """The parent whose children the page holds."""

    @property
    def window_id(self) -> str:
        """The fetch that it belongs to."""

    @property
    def sequence(self) -> int:
        """Its place in that fetch."""

    @property
    def method(self) -> str:
        """HTTP method, or the command for other sources."""

    @property
    def url(self) -> str:
        """What was asked, without secrets."""

    @property
    def status(self) -> int:
        """The answer's status."""

    @property
    def fetched_at(self) -> datetime:
        """When."""

    @property
    def run_id(self) -> str:
        """By which run."""

    @property
    def body_sha256(self) -> str:
        """The body's hash, in hexadecimal."""

    @property
    def record_count(self) -> int:
        """Top-level records in the body."""


class EvidenceRecord(Protocol):
    """A top-level record of a page."""

    @property
    def record_id(self) -> int:
        """Its address."""

    @property
    def ordinal(self) -> int:
        """Its position in the page, from 0."""

    @property
    def page(self) -> EvidencePage:
        """The page."""

    @property
    def value(self) -> Any:
        """The record itself: JSON, or text where the body is not JSON."""


class EvidenceRedaction(Protocol):
    """A recorded redaction of a page."""

    @property
    def log_index(self) -> int:
        """The page."""

    @property
    def json_paths(self) -> tuple[str, ...]:
        """What was blanked, in the page's whole body."""

    @property
    def policy(self) -> str:
        """By which policy."""

    @property
    def redacted_at(self) -> datetime:
        """When."""

    @property
    def governance_index(self) -> int:
        """Its leaf in the governance log."""


class RecordReader(Protocol):
    """Reads records back from evidence."""

    def records(self, record_ids: Iterable[int]) -> Sequence[EvidenceRecord]:
        """Return records in the order asked for."""

    def redactions(self) -> Sequence[EvidenceRedaction]:
        """Return every recorded redaction."""
