"""What an extraction says about itself: while it runs, when it ends, and before it starts."""

from dataclasses import dataclass, field

from connectors.errors import ConnectorError, TransientSourceError


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the extraction of one stream is.

    Attributes:
        source: Name of the source.
        stream: Name of the stream.
        requests: Requests sent so far.
        pages: Pages committed so far.
        records: Records seen so far, in new and in reused pages.
        bytes: Body bytes committed so far.
        units_done: Chains of pages that have ended.
        units_total: Chains of pages known so far; it grows while the plan unfolds.
    """

    source: str
    stream: str
    requests: int
    pages: int
    records: int
    bytes: int
    units_done: int
    units_total: int


@dataclass(frozen=True, slots=True)
class ScopeFailure:
    """One scope (or one parent within it) that could not be read while the rest went on."""

    scope: str
    error: ConnectorError
    parent_key: str | None = None

    @property
    def is_transient(self) -> bool:
        """Whether running again later may succeed without any change."""
        return isinstance(self.error, TransientSourceError)


@dataclass(frozen=True, slots=True)
class StreamReport:
    """What one extraction of one stream did.

    Attributes:
        source: Name of the source.
        stream: Name of the stream.
        requests: Requests sent, retries and redirects included.
        not_modified: Requests that the source answered without a body (304).
        pages: New pages committed.
        reused_pages: Pages that equal one already held and were not landed again.
        records: Records in new and reused pages.
        bytes: Body bytes of new pages.
        windows_closed: Fetch windows closed.
        retries: Requests that had to be repeated.
        seconds: Time taken.
        failures: Scopes that could not be read.
        waited_seconds: Time that the vendor's limits and back-offs asked for, summed over requests.
        clock_skew_seconds: Local clock minus the source's `Date`, the last one seen; None without one.
    """

    source: str
    stream: str
    requests: int = 0
    not_modified: int = 0
    pages: int = 0
    reused_pages: int = 0
    records: int = 0
    bytes: int = 0
    windows_closed: int = 0
    retries: int = 0
    seconds: float = 0.0
    failures: tuple[ScopeFailure, ...] = ()
    waited_seconds: float = 0.0
    clock_skew_seconds: float | None = None


@dataclass(slots=True)
class Tally:
    """The running counts behind a report; the requests' side and the landing's side write to it."""

    requests: int = 0
    not_modified: int = 0
    pages: int = 0
    reused_pages: int = 0
    records: int = 0
    bytes: int = 0
    windows_closed: int = 0
    retries: int = 0
    waited_seconds: float = 0.0
    clock_skew_seconds: float | None = None
    units_done: int = 0
    units_total: int = 0
    failures: list[ScopeFailure] = field(default_factory=list)

    def progress(self, source: str, stream: str) -> Progress:
        """The counts as they are now."""
        return Progress(
            source=source,
            stream=stream,
            requests=self.requests,
            pages=self.pages,
            records=self.records,
            bytes=self.bytes,
            units_done=self.units_done,
            units_total=self.units_total,
        )

    def report(self, source: str, stream: str, *, seconds: float) -> StreamReport:
        """The counts as the final report."""
        return StreamReport(
            source=source,
            stream=stream,
            requests=self.requests,
            not_modified=self.not_modified,
            pages=self.pages,
            reused_pages=self.reused_pages,
            records=self.records,
            bytes=self.bytes,
            windows_closed=self.windows_closed,
            retries=self.retries,
            seconds=seconds,
            failures=tuple(self.failures),
            waited_seconds=self.waited_seconds,
            clock_skew_seconds=self.clock_skew_seconds,
        )


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was checked before a run, and what to do if it is not in order."""

    name: str
    is_ok: bool
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class StreamEstimate:
    """What a first extraction of one stream will cost.

    Attributes:
        stream: The stream.
        requests: Requests.
        bytes: Bytes received; 0 with `is_least` where nothing is known of them.
        is_least: Whether something could not be asked about, so that it may be any number more.
    """

    stream: str
    requests: int
    bytes: int
    is_least: bool = False
