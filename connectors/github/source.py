"""The GitHub source: what is particular to GitHub, handed to the engine that reads any HTTP API."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from connectors.committer import BatchLimits
from connectors.evidence import EvidenceStore
from connectors.github.access import API_HEADERS, credentials_of
from connectors.github.checks import diagnose
from connectors.github.config import GitHubConfig
from connectors.github.estimates import estimate_streams
from connectors.github.graph import GraphRule
from connectors.github.graphql.batches import detail_units
from connectors.github.graphql.children import ByRest, child_units
from connectors.github.long_pull_requests import commits_of, read_commits_of_pull_requests
from connectors.github.ranges import read_ranges
from connectors.github.scopes import scopes_of
from connectors.github.streams import REPOSITORY, STREAMS
from connectors.http.children import children_of
from connectors.http.lanes import Unit
from connectors.http.questions import Question, Reply, SourceTotal
from connectors.http.reading import Reader, read_scope
from connectors.http.retries import IMPATIENT, RetryPolicy
from connectors.http.source import HttpApi, HttpSource, OwnReader, streams_wanted
from connectors.http.streams import HttpStream
from connectors.kinds import Opening
from connectors.reports import Diagnosis, Progress, StreamEstimate, StreamReport, Tally
from connectors.runtime import Runtime
from connectors.streams import Place, TimeWindow


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
        self.streams: tuple[HttpStream, ...] = github_streams(config)
        self._config = config
        self._engine = HttpSource(
            _api(config, self.streams, runtime),
            config.as_settings(),
            Opening(store=store, runtime=runtime, policy=policy, limits=limits),
        )

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
            window: What to read again, for streams that are windowed; the cursor stays.
            place: Where alone to read; None for everywhere.

        Raises:
            TransientSourceError: The source fails for now. What was read is kept; the next run goes on there.
            PermanentSourceError: Nothing of the stream can be read until somebody changes something.
        """
        return self._engine.extract(
            stream, run_id=run_id, on_progress=on_progress, window=window, place=place
        )

    def ask(self, stream: str, questions: Sequence[Question], *, kept_as: str, run_id: str) -> list[Reply]:
        """Ask single questions, patient for some seconds only, and commit what is answered."""
        return self._engine.ask(stream, questions, kept_as=kept_as, run_id=run_id)

    def total_question(
        self, stream: HttpStream, total: SourceTotal, scope: str, *, until: datetime, since: date | None
    ) -> Question:
        """How the total of a repository is asked for."""
        return self._engine.total_question(stream, total, scope, until=until, since=since)

    def item_parameters(self, stream: str) -> Mapping[str, str]:
        """Further query parameters by which one record of a stream is asked for."""
        return self._engine.item_parameters(stream)

    def check(self) -> list[Diagnosis]:
        """Whether the source can be reached and read, for a handful of requests."""
        return asyncio.run(self._check())

    def estimate(self) -> list[StreamEstimate]:
        """What a first extraction costs, from a few requests about a few repositories."""
        return asyncio.run(self._estimate())

    async def _check(self) -> list[Diagnosis]:
        async with self._engine.session("check", tally=Tally(), policy=IMPATIENT) as session:
            return await diagnose(session, self._config)

    async def _estimate(self) -> list[StreamEstimate]:
        async with self._engine.session(
            "estimate", tally=Tally(), policy=RetryPolicy(max_attempts=3)
        ) as session:
            return await estimate_streams(session, self._config, streams=self.streams)


def github_streams(config: GitHubConfig) -> tuple[HttpStream, ...]:
    """The streams that the settings ask for and those they go through, each after its parent.

    Raises:
        PermanentSourceError: The settings name a stream that does not exist.
    """
    declared = {stream.name: stream for stream in STREAMS if config.is_by_graphql or stream.name != DETAILS}
    if config.repositories:
        declared[REPOSITORY.name] = REPOSITORY
    always: tuple[str, ...] = () if config.repositories else (REPOSITORY.name,)
    if config.is_by_graphql and set(config.streams or ()) & set(_BY_REST):
        always = (*always, DETAILS)
    return streams_wanted(tuple(declared.values()), config.streams, source=config.name, always=always)


def _api(config: GitHubConfig, streams: tuple[HttpStream, ...], runtime: Runtime) -> HttpApi:
    return HttpApi(
        kind=GitHubSource.kind,
        streams=streams,
        credentials=credentials_of(config, runtime),
        scopes=lambda stream, store: scopes_of(stream.name, config, store),
        probe="/rate_limit",
        headers=API_HEADERS,
        per_minute=config.paced_per_minute,
        readers={
            "commits": partial(_read_commits, config),
            "pull_request_commits": partial(read_commits_of_pull_requests, config),
            "workflow_runs": partial(_read_workflow_runs, config),
        }
        | (_graphql_readers(config, streams) if config.is_by_graphql else {}),
        walked=frozenset({"commits"}) | _PARENTS,
    )


_PARENTS = frozenset({"pull_requests", "issues", "deployments", "workflow_runs"})


DETAILS = "item_details"
_BY_REST: Mapping[str, ByRest] = {
    "reviews": children_of,
    "pull_request_commits": commits_of,
    "timeline": children_of,
}


def _graphql_readers(config: GitHubConfig, streams: tuple[HttpStream, ...]) -> dict[str, OwnReader]:
    children = [stream.name for stream in streams if stream.name in _BY_REST]

    def read_details(reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
        scopes = scopes_of(reader.stream.name, config, store)
        return detail_units(config.graphql_url, scopes, children, reader, store)

    def read_children(reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
        scopes = scopes_of(reader.stream.name, config, store)
        return child_units(DETAILS, scopes, _BY_REST[reader.stream.name], reader, store)

    readers: dict[str, OwnReader] = dict.fromkeys(children, read_children)
    return {DETAILS: read_details, **readers}


def _read_commits(config: GitHubConfig, reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
    for scope in scopes_of(reader.stream.name, config, store):
        yield Unit(scope, partial(read_scope, reader, scope, partial(_graph_rule, reader, scope)))


def _graph_rule(
    reader: Reader, scope: str, settled: Mapping[str, Any], progress: Mapping[str, Any] | None
) -> GraphRule:
    return GraphRule(
        reader.stream,
        scope,
        settled=settled,
        progress=progress,
        bounds=reader.bounds,
        known_commits=partial(reader.store.known_keys, reader.source, reader.stream.name, scope),
    )


def _read_workflow_runs(config: GitHubConfig, reader: Reader, store: EvidenceStore) -> Iterator[Unit]:
    for scope in scopes_of(reader.stream.name, config, store):
        yield Unit(scope, partial(read_ranges, reader, scope))
