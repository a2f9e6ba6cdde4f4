"""What a kind of source is: its streams, its settings, and how one is opened."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from connectors.committer import BatchLimits
from connectors.evidence import EvidenceStore
from connectors.http.retries import RetryPolicy
from connectors.reports import Diagnosis, Progress, StreamEstimate, StreamReport
from connectors.runtime import Runtime
from connectors.settings import SourceSettings
from connectors.streams import Place, Stream, TimeWindow


class Source(Protocol):
    """A configured source."""

    name: str

    @property
    def kind(self) -> str:
        """The kind of source."""

    @property
    def streams(self) -> tuple[Stream, ...]:
        """The streams that the settings ask for, each after its parent."""

    def extract(
        self,
        stream: str,
        *,
        run_id: str,
        on_progress: Callable[[Progress], None] | None = None,
        window: TimeWindow | None = None,
        place: Place | None = None,
    ) -> StreamReport:
        """Read what is new of one stream, or exactly one window of it again, and commit it.

        Args:
            stream: Name of the stream.
            run_id: The run, as it stands in evidence.
            on_progress: Told now and then how far it is.
            window: What to read again; the cursor stays where it is. Only for streams that are windowed.
            place: Where alone to read; None for everywhere.

        Raises:
            TransientSourceError: The source fails for now: run again later.
            PermanentSourceError: Somebody must change something first.
        """

    def check(self) -> list[Diagnosis]:
        """Whether the source can be reached and read."""

    def estimate(self) -> list[StreamEstimate]:
        """What a first extraction costs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What a source is handed by whoever opens it.

    Attributes:
        store: Where evidence goes; its ledger must be open for writing.
        runtime: Clocks, waiting and randomness.
        secrets: Values of the environment variables that the settings name.
        folder: What relative paths in the settings start from.
        policy: How patient requests are; None for the usual patience.
        limits: When a batch is committed; None for the usual limits.
    """

    store: EvidenceStore
    runtime: Runtime
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: Path = Path()
    policy: RetryPolicy | None = None
    limits: BatchLimits | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceKind:
    """A kind of source.

    Attributes:
        name: The kind, as settings name it and tables start with it.
        title: The name as people read it.
        streams: All streams that the kind offers, each after its parent.
        settings: What it is told in the settings.
        open: Opens a source from its settings.
        disagreements: Makes derived pages again from those that they name and says which differ; None where
            a kind derives none.
        hourly_limit: Requests that the vendor allows an hour, for plans; None where it says nothing.
    """

    name: str
    title: str
    streams: tuple[Stream, ...]
    settings: type[SourceSettings]
    open: Callable[[Any, Opening], Source]
    disagreements: Callable[[Any, Opening], Iterable[str]] | None = None
    hourly_limit: int | None = None
