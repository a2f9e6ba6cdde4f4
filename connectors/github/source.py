"""The GitHub source: one stream at a time, from where it left off."""

import asyncio
from collections.abc import Callable, Iterator
from functools import partial

from connectors.committer import BatchLimits, Committer
from connectors.errors import PermanentSourceError
from connectors.evidence import EvidenceStore
from connectors.github.access import open_session
from connectors.github.checks import diagnose
from connectors.github.children import changed_parents, named_parents
from connectors.github.config import GitHubConfig
from connectors.github.estimates import estimate_streams
from connectors.github.graph import GraphRule
from connectors.github.ranges import read_ranges
from connectors.github.reading import MakeRule, Reader, read_scope
from connectors.github.rules import Bounds, CreatedRule, UpdatedRule, WholeRule
from connectors.github.scopes import names_listed, scopes_of
from connectors.github.streams import REPOSITORY, STREAMS
from connectors.http.chains import Chains
from connectors.http.lanes import Lanes, Unit
from connectors.http.pacing import Pacer
from connectors.http.retries import RetryPolicy
from connectors.http.streams import HttpStream, Reading
from connectors.reports import Diagnosis, Progress, StreamEstimate, StreamReport, Tally
from connectors.runtime import Runtime
from connectors.streams import TimeWindow, in_dependency_order

_NAMED_BY = {"repositories": "full_name", "teams": "slug"}
_WALKED = frozenset({"commits"}) | {
    stream.parent for stream in STREAMS if stream.parent and stream.reading is Reading.PER_PARENT
}


class GitHubSource:
    """Reads GitHub or GitHub Enterprise Server.

    Args:
        config: The settings.
        store: Where evidence goes.
        runtime: Clocks, waiting and randomness.
        policy: How patient requests are.
        limits: When a batch is committed.
    """

    kind = "github"

    def __init__(
        self,
        config: GitHubConfig,
        *,
        store: EvidenceStore,
        runtime: Runtime,
        policy: RetryPolicy | None = None,
        limits: BatchLimits | None = None,
    ) -> None:
        self.name = config.name
        self.streams: tuple[HttpStream, ...] = streams_wanted(config)
        self._config = config
        self._store = store
        self._runtime = runtime
        self._policy = policy or RetryPolicy()
        self._limits = limits or BatchLimits()
        self._pacer = Pacer(
            per_minute=config.paced_per_minute, monotonic=runtime.monotonic, sleep=runtime.sleep
        )

    def extract(
        self,
        stream: str,
        *,
        run_id: str,
        on_progress: Callable[[Progress], None] | None = None,
        window: TimeWindow | None = None,
    ) -> StreamReport:
        """Read what is new of one stream and commit it.

        Args:
            stream: Name of the stream.
            run_id: The run, as it stands in evidence.
            on_progress: Told now and then how far it is.
            window: What to read again, for streams that are windowed; the cursor stays.

        Raises:
            TransientSourceError: The source fails for now. What was read is kept; the next run goes on there.
            PermanentSourceError: Nothing of the stream can be read until somebody changes something.
        """
        declared = self._declared(stream)
        tally = Tally()
        started = self._runtime.monotonic()
        asyncio.run(self._extract(declared, run_id, tally, on_progress))
        return tally.report(self.name, stream, seconds=self._runtime.monotonic() - started)

    def check(self) -> list[Diagnosis]:
        """Whether the source can be reached and read, for a handful of requests."""
        return asyncio.run(diagnose(self._config, self._runtime, pacer=self._pacer))

    def estimate(self) -> list[StreamEstimate]:
        """What a first extraction costs, from a few requests about a few repositories."""
        return asyncio.run(
            estimate_streams(self._config, self._runtime, streams=self.streams, pacer=self._pacer)
        )

    async def _extract(
        self, stream: HttpStream, run_id: str, tally: Tally, on_progress: Callable[[Progress], None] | None
    ) -> None:
        committer = Committer(
            store=self._store,
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

        async with open_session(
            self._config,
            self._runtime,
            stream=stream.name,
            tally=tally,
            pacer=self._pacer,
            policy=self._policy,
        ) as session:
            reader = Reader(
                source=self.name,
                stream=stream,
                chains=Chains(session, self._store, stream),
                store=self._store,
                clock=self._runtime.clock,
                has_children=stream.name in _WALKED,
            )
            lanes = Lanes(committer, concurrency=self._config.concurrency, on_progress=tell)
            await lanes.run(self._units(reader))

    def _units(self, reader: Reader) -> Iterator[Unit]:
        stream = reader.stream
        for scope in scopes_of(stream.name, self._config, self._store):
            if stream.reading is Reading.PER_PARENT and stream.parent is not None:
                yield from changed_parents(reader, stream.parent, scope)
            elif stream.reading is Reading.PER_CURRENT_PARENT and stream.parent is not None:
                keys = names_listed(stream.parent, stream.name, self._config, self._store)
                yield from named_parents(reader, scope, keys)
            elif stream.reading is Reading.CREATED_RANGES:
                yield Unit(scope, partial(read_ranges, reader, scope, self._bounds))
            else:
                yield Unit(scope, partial(read_scope, reader, scope, self._rule_maker(reader, scope)))

    def _rule_maker(self, reader: Reader, scope: str) -> MakeRule:
        stream, bounds = reader.stream, self._bounds
        if stream.reading is Reading.WHOLE:
            name_field = _NAMED_BY.get(stream.name)
            return lambda _settled, _progress: WholeRule(stream, scope, name_field=name_field)
        if stream.reading is Reading.GRAPH:
            known = partial(self._store.known_keys, self.name, stream.name, scope)
            return lambda settled, progress: GraphRule(
                stream, scope, settled=settled, progress=progress, bounds=bounds, known_commits=known
            )
        rule = CreatedRule if stream.reading is Reading.CREATED_DESCENDING else UpdatedRule
        return lambda settled, progress: rule(
            stream, scope, settled=settled, progress=progress, bounds=bounds
        )

    @property
    def _bounds(self) -> Bounds:
        return Bounds(self._config.since, self._config.until)

    def _declared(self, name: str) -> HttpStream:
        for stream in self.streams:
            if stream.name == name:
                return stream
        known = ", ".join(stream.name for stream in self.streams)
        raise PermanentSourceError(
            f"There is no such stream in this source. It has {known}.", source=self.name, stream=name
        )


def streams_wanted(config: GitHubConfig) -> tuple[HttpStream, ...]:
    """The streams that the settings ask for and those they go through, each after its parent.

    Raises:
        PermanentSourceError: The settings name a stream that does not exist.
    """
    declared = {stream.name: stream for stream in STREAMS}
    if config.repositories:
        declared[REPOSITORY.name] = REPOSITORY
    names = list(declared) if config.streams is None else list(config.streams)
    if config.streams is not None and not config.repositories:
        names.append(REPOSITORY.name)
    unknown = [name for name in names if name not in declared]
    if unknown:
        raise PermanentSourceError(
            f"GitHub has no stream {', '.join(unknown)}. It has {', '.join(declared)}.", source=config.name
        )
    wanted = set(names)
    wanted |= {parent for name in names if (parent := declared[name].parent)}
    ordered = in_dependency_order(tuple(stream for name, stream in declared.items() if name in wanted))
    return tuple(declared[stream.name] for stream in ordered)
