"""A configured Prometheus server."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from connectors.errors import ConnectorError
from connectors.evidence import EvidenceStore
from connectors.http.estimates import Scopes, estimate_streams
from connectors.http.listings import listing_reader
from connectors.http.pagers import with_parameters
from connectors.http.questions import Question, SourceTotal
from connectors.http.retries import RetryPolicy
from connectors.http.session import Session
from connectors.http.source import HttpApi, HttpSource, streams_wanted
from connectors.http.streams import HttpStream, Reading
from connectors.kinds import Opening
from connectors.prometheus.access import credentials_of
from connectors.prometheus.answers import WholeAnswer
from connectors.prometheus.reading import (
    RangeReader,
    count_parameters,
    grid_of,
    horizon_of,
    range_parameters,
)
from connectors.prometheus.settings import PrometheusSettings, SampledQuery
from connectors.prometheus.slices import new_slices
from connectors.prometheus.streams import ALERTS_HISTORY, RANGE_SAMPLES, SERVER, STREAMS
from connectors.reports import StreamEstimate, Tally


class PrometheusSource(HttpSource):
    """Reads a Prometheus server; its first extraction is counted in slices.

    Args:
        settings: What the workspace says about it.
        opening: Store, clocks, patience.
    """

    def __init__(self, settings: PrometheusSettings, opening: Opening) -> None:
        self._queries = queries_of(settings)
        super().__init__(_api(settings, opening, self._queries), settings, opening)
        self._ranges = settings

    def estimate(self) -> list[StreamEstimate]:
        """What a first extraction costs: the number of slices, each as large as the newest of its query."""
        return asyncio.run(self._first_costs())

    def total_question(
        self, stream: HttpStream, total: SourceTotal, scope: str, *, until: datetime, since: date | None
    ) -> Question:
        """Ask Prometheus itself to count a day of a query at its own instants."""
        if total.window is None:
            return super().total_question(stream, total, scope, until=until, since=since)
        (query,) = (each for each in self._queries[stream.name] if each.name == scope)
        parameters = count_parameters(query, start=until - total.window, end=until)
        return Question(key=scope, scope=scope, place=with_parameters(total.path, parameters))

    async def _first_costs(self) -> list[StreamEstimate]:
        listed = [stream for stream in self.streams if stream.reading is Reading.WHOLE]
        async with self.session("estimate", tally=Tally(), policy=RetryPolicy(max_attempts=3)) as session:
            costs = await estimate_streams(
                session,
                listed,
                scopes=Scopes(known=lambda _: [SERVER]),
                since=None,
                now=self._runtime.clock(),
            )
            known = {cost.stream: cost for cost in costs}
            for stream in self.streams:
                if stream.name not in known:
                    known[stream.name] = await self._range_cost(session, stream)
        return [known[stream.name] for stream in self.streams]

    async def _range_cost(self, session: Session, stream: HttpStream) -> StreamEstimate:
        requests, size, is_least = 0, 0, False
        horizon = horizon_of(self._ranges, self._bounds, now=self._runtime.clock())
        for query in self._queries[stream.name]:
            parts = new_slices(
                grid_of(query), horizon, complete_until=None, read_until=None, overlap=timedelta()
            )
            requests += len(parts)
            if parts:
                newest = range_parameters(query, parts[-2:][0])
                url = session.origin.url(stream.path_for(query.name, **newest))
                try:
                    answer, _ = await session.get(url, read=listing_reader(stream))
                except ConnectorError:
                    is_least = True
                    continue
                size += len(answer.body) * len(parts)
        return StreamEstimate(stream.name, requests, size, is_least)


def queries_of(settings: PrometheusSettings) -> dict[str, tuple[SampledQuery, ...]]:
    """The range queries behind each stream of samples."""
    return {RANGE_SAMPLES.name: settings.queries, ALERTS_HISTORY.name: (settings.alerts,)}


def _api(
    settings: PrometheusSettings, opening: Opening, queries: Mapping[str, tuple[SampledQuery, ...]]
) -> HttpApi:
    def scopes(stream: HttpStream, _store: EvidenceStore) -> list[str]:
        if stream.name in queries:
            return [query.name for query in queries[stream.name]]
        return [SERVER]

    return HttpApi(
        kind="prometheus",
        streams=tuple(
            replace(stream, pager=WholeAnswer(settings.name, stream.name))
            for stream in streams_wanted(STREAMS, settings.streams, source=settings.name)
        ),
        credentials=credentials_of(settings, opening.secrets),
        scopes=scopes,
        probe="/api/v1/status/buildinfo",
        readers={name: RangeReader(settings, wanted) for name, wanted in queries.items()},
    )
