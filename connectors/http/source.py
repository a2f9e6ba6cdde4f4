"""A source behind an HTTP API: one stream at a time, from where it left off, as its declarations say."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from connectors.committer import BatchLimits, Committer
from connectors.errors import PermanentSourceError
from connectors.evidence import EvidenceStore
from connectors.http.asking import ask
from connectors.http.chains import Chains
from connectors.http.checks import diagnose
from connectors.http.children import changed_parents, each_scope, named_parents
from connectors.http.connections import Connections, Network
from connectors.http.credentials import Credentials
from connectors.http.estimates import Scopes, estimate_streams
from connectors.http.lanes import Lanes, Unit
from connectors.http.names import names_listed
from connectors.http.origin import Origin
from connectors.http.pacing import Flights, Pacer
from connectors.http.questions import Question, Reply, SourceTotal
from connectors.http.reading import MakeRule, Reader, read_scope
from connectors.http.retries import GITHUB_STYLE, IMPATIENT, LimitHeaders, RetryPolicy
from connectors.http.rules import Bounds, CreatedRule, UpdatedRule, WholeRule
from connectors.http.session import Session
from connectors.http.streams import HttpStream, Reading
from connectors.http.totals import total_question
from connectors.http.windows import read_windows
from connectors.kinds import Opening
from connectors.reports import Diagnosis, Progress, StreamEstimate, StreamReport, Tally
from connectors.rereading import store_for
from connectors.settings import HttpSettings
from connectors.streams import Place, Stream, TimeWindow, in_dependency_order

_USER_AGENT = "assay"
OwnReader = Callable[[Reader, EvidenceStore], Iterator[Unit]]
"""Reads a stream in a way of its own: gives the units, in the order in which they are committed."""

AnyStream = TypeVar("AnyStream", bound=Stream)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpApi:
    """What is particular to one vendor's API, or to one configured source of it.

    Attributes:
        kind: The kind of source.
        streams: The streams that the settings ask for, each after its parent.
        credentials: Who asks.
        scopes: The scopes of a stream, in the order in which they are read and committed.
        probe: The path that a check asks for: cheap, and refused without credentials.
        headers: Further headers of every request.
        per_minute: Requests a minute that the vendor documents; None for no bound of our own.
        limits: How the vendor tells what is left of its limits.
        readers: Streams that are read in a way of their own, by name.
        listed_by: By stream: the stream whose records are its scopes, where settings do not name them.
        batches: By stream that asks for many parents at once: how many.
        walked: Streams whose records are kept as parents though no stream is declared below them.
        item_parameters: Further query parameters by which one record of a stream is asked for, where they
            hang on what was read before.
    """

    kind: str
    streams: tuple[HttpStream, ...]
    credentials: Credentials
    scopes: Callable[[HttpStream, EvidenceStore], list[str]]
    probe: str
    headers: Mapping[str, str] = field(default_factory=dict)
    per_minute: int | None = None
    limits: LimitHeaders = GITHUB_STYLE
    readers: Mapping[str, OwnReader] = field(default_factory=dict)
    listed_by: Mapping[str, str] = field(default_factory=dict)
    batches: Mapping[str, int] = field(default_factory=dict)
    walked: frozenset[str] = frozenset()
    item_parameters: Callable[[HttpStream, EvidenceStore], Mapping[str, str]] = lambda _stream, _store: {}


class HttpSource:
    """Reads one configured source.

    Args:
        api: What is particular to it.
        settings: What the workspace says about it.
        opening: Store, clocks, patience.
    """

    def __init__(self, api: HttpApi, settings: HttpSettings, opening: Opening) -> None:
        runtime = opening.runtime
        self.name = settings.name
        self.kind = api.kind
        self.streams = api.streams
        self._api = api
        self._settings = settings
        self._store = opening.store
        self._runtime = runtime
        self._policy = opening.policy or RetryPolicy()
        self._limits = opening.limits or BatchLimits()
        per_minute = settings.requests_per_minute or api.per_minute
        self._pacer = Pacer(per_minute=per_minute, monotonic=runtime.monotonic, sleep=runtime.sleep)
        self._flights = Flights(settings.concurrency)
        self._origin = Origin.of(settings.base_url)
        self._walked = api.walked | {
            stream.parent for stream in api.streams if stream.parent and stream.reading is Reading.PER_PARENT
        }

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
            window: What to read again, for streams that are windowed; the cursor stays where it is.
            place: Where alone to read; None for everywhere.

        Raises:
            TransientSourceError: The source fails for now. What was read is kept; the next run goes on there.
            PermanentSourceError: Nothing of the stream can be read until somebody changes something.
        """
        declared = self._declared(stream)
        if window is not None and not declared.is_windowed:
            raise PermanentSourceError(
                "The API serves no windows of time for this stream, so no window can be read again. "
                "Run without one: it goes on from its cursor.",
                source=self.name,
                stream=stream,
            )
        tally = Tally()
        started = self._runtime.monotonic()
        is_cursor_kept = window is not None or declared.reading is Reading.WHOLE  # it holds names
        with store_for(
            place, self._store, source=self.name, stream=stream, is_cursor_kept=is_cursor_kept
        ) as store:
            asyncio.run(
                self._extract(
                    declared, run_id, tally, on_progress=on_progress, window=window, place=place, store=store
                )
            )
        return tally.report(self.name, stream, seconds=self._runtime.monotonic() - started)

    def ask(self, stream: str, questions: Sequence[Question], *, kept_as: str, run_id: str) -> list[Reply]:
        """Ask single questions, patient for some seconds only, and commit what is answered.

        Args:
            stream: The stream that they are about, for messages.
            questions: What to ask.
            kept_as: The stream's name in evidence.
            run_id: The run, as it stands in evidence.

        Returns:
            The replies, in the order of the questions; one without an answer says why.
        """
        return asyncio.run(self._ask(stream, questions, kept_as=kept_as, run_id=run_id))

    def item_parameters(self, stream: str) -> Mapping[str, str]:
        """Further query parameters by which one record of a stream is asked for."""
        return self._api.item_parameters(self._declared(stream), self._store)

    def total_question(
        self, stream: HttpStream, total: SourceTotal, scope: str, *, until: datetime, since: date | None
    ) -> Question:
        """How this source is asked for the total of a scope."""
        return total_question(total, scope, until=until, since=since, scope_safe=stream.scope_safe)

    async def _ask(
        self, stream: str, questions: Sequence[Question], *, kept_as: str, run_id: str
    ) -> list[Reply]:
        async with self.session(stream, tally=Tally(), policy=IMPATIENT) as session:
            return await ask(session, self._store, questions, kept_as=kept_as, run_id=run_id)

    def check(self) -> list[Diagnosis]:
        """Whether the source can be reached and read, for one request."""
        return asyncio.run(self._check())

    def estimate(self) -> list[StreamEstimate]:
        """What a first extraction costs at least, from a request or a few for each stream."""
        return asyncio.run(self._estimate())

    @asynccontextmanager
    async def session(
        self,
        stream: str,
        *,
        tally: Tally,
        policy: RetryPolicy | None = None,
    ) -> AsyncGenerator[Session, None]:
        """A session for one stream; its connections close with it.

        Args:
            stream: Name of the stream, or of what is done instead: `check`, `estimate`.
            tally: Where requests are counted.
            policy: How patient requests are, for what keeps nothing of the answers; None for a stream.
        """
        settings, runtime = self._settings, self._runtime
        patience = policy or self._policy
        network = Network(
            proxy=settings.proxy, ca_file=settings.ca_file, read_seconds=patience.silence_seconds
        )
        connections = Connections(self._origin, network, limit=settings.concurrency)
        try:
            yield Session(
                source=self.name,
                stream=stream,
                origin=self._origin,
                headers={
                    "accept": "application/json",
                    "accept-encoding": "gzip",
                    "user-agent": _USER_AGENT,
                    **self._api.headers,
                },
                credentials=self._api.credentials,
                connections=connections,
                pacer=self._pacer,
                flights=self._flights,
                clock=runtime.clock,
                generator=runtime.generator,
                tally=tally,
                policy=patience,
                limits=self._api.limits,
                is_landing=policy is None,
            )
        finally:
            await connections.close()

    async def _check(self) -> list[Diagnosis]:
        tally = Tally()
        async with self.session("check", tally=tally, policy=IMPATIENT) as session:
            return await diagnose(session, self._api.probe)

    async def _estimate(self) -> list[StreamEstimate]:
        async with self.session("estimate", tally=Tally(), policy=RetryPolicy(max_attempts=3)) as session:
            return await estimate_streams(
                session,
                self.streams,
                scopes=Scopes(
                    known=lambda stream: self._api.scopes(stream, self._store),
                    listed_by=self._api.listed_by,
                    batches=self._api.batches,
                ),
                since=self._bounds.since_at,
                now=self._runtime.clock(),
            )

    async def _extract(
        self,
        stream: HttpStream,
        run_id: str,
        tally: Tally,
        *,
        on_progress: Callable[[Progress], None] | None,
        window: TimeWindow | None,
        place: Place | None,
        store: EvidenceStore,
    ) -> None:
        committer = Committer(
            store=store,
            source=self.name,
            stream=stream.name,
            run_id=run_id,
            clock=self._runtime.clock,
            monotonic=self._runtime.monotonic,
            tally=tally,
            limits=self._limits,
        )

        def tell() -> None:
            if on_progress is not None:
                on_progress(tally.progress(self.name, stream.name))

        async with self.session(stream.name, tally=tally) as session:
            reader = Reader(
                source=self.name,
                stream=stream,
                chains=Chains(session, store, stream),
                store=store,
                clock=self._runtime.clock,
                has_children=stream.name in self._walked,
                bounds=self._bounds,
                window=window,
            )
            lanes = Lanes(committer, concurrency=self._settings.concurrency, on_progress=tell)
            units = self._units(reader)
            await lanes.run(
                units
                if place is None
                else (each for each in units if place.holds(each.scope, each.parent_key))
            )

    def _units(self, reader: Reader) -> Iterator[Unit]:
        stream = reader.stream
        own = self._api.readers.get(stream.name)
        if own is not None:
            yield from own(reader, reader.store)
            return
        scopes = self._api.scopes(stream, reader.store)
        if stream.reading is Reading.PER_CURRENT_PARENT and stream.parent is not None:
            yield from each_scope(scopes, partial(self._named_units, reader, stream.parent))
            return
        for scope in scopes:
            if stream.reading is Reading.PER_PARENT and stream.parent is not None:
                yield from changed_parents(reader, stream.parent, scope)
            elif stream.reading is Reading.WINDOWS:
                yield Unit(scope, partial(read_windows, reader, scope))
            else:
                yield Unit(scope, partial(read_scope, reader, scope, self._rule_maker(reader, scope)))

    def _named_units(self, reader: Reader, parent: str, scope: str) -> list[Unit]:
        names = names_listed(
            parent, scope, source=self.name, store=reader.store, wanted_by=reader.stream.name
        )
        return named_parents(reader, scope, names)

    def _rule_maker(self, reader: Reader, scope: str) -> MakeRule:
        stream = reader.stream
        if stream.reading is Reading.WHOLE:
            return lambda settled, _progress: WholeRule(stream, scope, settled)
        if stream.reading is Reading.CREATED_DESCENDING:
            return lambda settled, progress: CreatedRule(
                stream, scope, settled=settled, progress=progress, bounds=reader.bounds
            )
        return lambda settled, progress: UpdatedRule(
            stream,
            scope,
            settled=settled,
            progress=progress,
            bounds=reader.bounds,
            is_far=lambda: reader.chains.is_far,
            may_hop=reader.chains.is_unpaced,
        )

    @property
    def _bounds(self) -> Bounds:
        return Bounds(self._settings.since, self._settings.until)

    def _declared(self, name: str) -> HttpStream:
        for stream in self.streams:
            if stream.name == name:
                return stream
        known = ", ".join(stream.name for stream in self.streams)
        raise PermanentSourceError(
            f"There is no such stream in this source. It has {known}.", source=self.name, stream=name
        )


def streams_wanted(
    declared: tuple[AnyStream, ...],
    wanted: tuple[str, ...] | None,
    *,
    source: str,
    always: tuple[str, ...] = (),
) -> tuple[AnyStream, ...]:
    """The streams that the settings ask for and those they go through, each after its parent.

    Args:
        declared: All that the kind offers.
        wanted: Names that the settings list; None for all.
        source: Name of the source, for the error.
        always: Streams that the others need for their scopes.

    Raises:
        PermanentSourceError: The settings name a stream that does not exist.
    """
    by_name = {stream.name: stream for stream in declared}
    names = list(by_name) if wanted is None else [*wanted, *always]
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise PermanentSourceError(
            f"There is no stream {', '.join(unknown)} here. There is {', '.join(by_name)}.", source=source
        )
    chosen: set[str] = set()
    for name in names:
        at: str | None = name
        while at is not None:
            chosen.add(at)
            at = by_name[at].parent
    kept = tuple(stream for name, stream in by_name.items() if name in chosen)
    return tuple(by_name[stream.name] for stream in in_dependency_order(kept))
