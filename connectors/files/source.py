"""A source of files: lists its documents, lands them as given, and puts their records beside them."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace

from connectors.committer import BatchLimits, Committer
from connectors.errors import ConnectorError, PermanentSourceError
from connectors.evidence import EvidenceStore
from connectors.files.agreement import disagreements
from connectors.files.documents import Document, FileKind, FileScope
from connectors.files.landing import Pages
from connectors.files.reading import Events, FileReading
from connectors.reports import Diagnosis, Progress, ScopeFailure, StreamEstimate, StreamReport, Tally
from connectors.rereading import store_for
from connectors.runtime import Runtime
from connectors.streams import Place, Stream, TimeWindow

_BYTES_PER_RECORD_PAGE = 2
"""A file's records as JSON take about twice its bytes."""


class FileSource:
    """Reads files; never writes to them.

    Args:
        name: Name of the source.
        kind: What is particular to it.
        store: Where evidence goes.
        runtime: Clocks.
        limits: When a batch is committed.
    """

    def __init__(
        self,
        name: str,
        kind: FileKind,
        *,
        store: EvidenceStore,
        runtime: Runtime,
        limits: BatchLimits | None = None,
    ) -> None:
        self.name = name
        self.kind = kind.kind
        self.streams = kind.streams
        self._declared = kind
        self._scopes = kind.scopes
        self._store = store
        self._runtime = runtime
        self._limits = limits or BatchLimits()

    def extract(
        self,
        stream: str,
        *,
        run_id: str,
        on_progress: Callable[[Progress], None] | None = None,
        window: TimeWindow | None = None,
        place: Place | None = None,
    ) -> StreamReport:
        """Read what is new of one stream and commit it.

        Args:
            stream: A stream of files, or of records that are taken out of them.
            run_id: The run, as it stands in evidence.
            on_progress: Told after each scope and batch.
            window: Refused: a file has no windows of time.
            place: The scope that alone is read; None for all of them.

        Raises:
            PermanentSourceError: There is no such stream.
        """
        if place is not None:
            return self._extract_again(stream, place, run_id=run_id, on_progress=on_progress)
        scopes = self._scopes_of(self._checked(stream, window))
        tally, started = Tally(units_total=len(scopes)), self._runtime.monotonic()
        committer = Committer(
            store=self._store,
            source=self.name,
            stream=stream,
            run_id=run_id,
            clock=self._runtime.clock,
            monotonic=self._runtime.monotonic,
            tally=tally,
            limits=self._limits,
        )

        def tell() -> None:
            if on_progress is not None:
                on_progress(tally.progress(self.name, stream))

        try:
            for scope in scopes:
                self._read_scope(scope, stream, committer, tell)
        finally:
            committer.abandon_window()
            committer.commit()
            tell()
        return tally.report(self.name, stream, seconds=self._runtime.monotonic() - started)

    def _extract_again(
        self, stream: str, place: Place, *, run_id: str, on_progress: Callable[[Progress], None] | None
    ) -> StreamReport:
        """Read some scopes alone."""
        chosen = replace(
            self._declared, scopes=tuple(each for each in self._scopes if place.holds(each.name, None))
        )
        with store_for(place, self._store, source=self.name, stream=stream) as store:
            alone = FileSource(self.name, chosen, store=store, runtime=self._runtime, limits=self._limits)
            return alone.extract(stream, run_id=run_id, on_progress=on_progress)

    def check(self) -> list[Diagnosis]:
        """Whether each scope's files can be read."""
        return [scope.check() for scope in self._scopes]

    def estimate(self) -> list[StreamEstimate]:
        """Bytes of a first extraction, by what lies there now."""
        total = sum(_byte_count(scope) for scope in self._scopes)
        return [
            StreamEstimate(stream.name, 0, total * (1 if stream.parent is None else _BYTES_PER_RECORD_PAGE))
            for stream in self.streams
        ]

    def disagreements(self) -> list[str]:
        """Records in evidence that are not what the files in evidence give; normally there are none."""
        return [
            problem
            for scope in self._scopes
            for problem in disagreements(self._store, self._pages(scope), self.name, scope)
        ]

    def _checked(self, stream: str, window: TimeWindow | None) -> str:
        names = [declared.name for declared in self.streams]
        if stream not in names:
            raise PermanentSourceError(
                f"There is no such stream in this source. It has {', '.join(names)}.",
                source=self.name,
                stream=stream,
            )
        if window is not None:
            raise PermanentSourceError(
                "A file cannot be read by windows of time. Run without one: it is read whole.",
                source=self.name,
                stream=stream,
            )
        return stream

    def _scopes_of(self, stream: str) -> list[FileScope]:
        """The scopes that the stream is read in."""
        return [
            scope
            for scope in self._scopes
            if stream == scope.files or any(derivation.stream == stream for derivation in scope.derivations)
        ]

    def _read_scope(
        self, scope: FileScope, stream: str, committer: Committer, tell: Callable[[], None]
    ) -> None:
        def refuse(key: str, error: ConnectorError) -> None:
            committer.tally.failures.append(ScopeFailure(scope.name, self._placed(error, stream), key))

        try:
            with closing(self._events(scope, stream, refuse)) as events:
                for event in events:
                    committer.take(event)
                    if committer.is_full:
                        committer.commit()
                        tell()
        except ConnectorError as error:
            committer.abandon_window()
            committer.tally.failures.append(ScopeFailure(scope.name, self._placed(error, stream)))
        committer.tally.units_done += 1
        tell()

    def _events(self, scope: FileScope, stream: str, refuse: Callable[[str, ConnectorError], None]) -> Events:
        reading = FileReading(self._store, self.name, self._pages(scope), refuse)
        if stream == scope.files:
            return reading.files(scope)
        (derivation,) = [each for each in scope.derivations if each.stream == stream]
        return reading.records(scope, derivation)

    def _pages(self, scope: FileScope) -> Pages:
        return Pages(self._store, self.name, self._runtime.clock, scope.files)

    def _placed(self, error: ConnectorError, stream: str) -> ConnectorError:
        """The error, with the source and stream in it."""
        error.source, error.stream = error.source or self.name, error.stream or stream
        return error


def streams_chosen(declared: tuple[Stream, ...], chosen: tuple[str, ...] | None) -> tuple[Stream, ...]:
    """The streams that the settings ask for; and the files that they are taken out of.

    Args:
        declared: All streams of the kind.
        chosen: Names of streams, or None for all.
    """
    if chosen is None:
        return declared
    wanted = {*chosen, *(stream.parent for stream in declared if stream.name in chosen)}
    return tuple(stream for stream in declared if stream.name in wanted)


def _byte_count(scope: FileScope) -> int:
    total = 0
    try:
        for document in scope.listing({}, {}).documents:
            if isinstance(document, Document):
                with document.open() as content:
                    total += content.seek(0, 2)
    except ConnectorError:
        return total
    return total
