"""Datadog, as a kind of source."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from connectors.datadog.settings import DatadogSettings
from connectors.datadog.streams import RETENTION, STREAMS, within
from connectors.evidence import EvidenceStore
from connectors.http.credentials import StaticCredentials
from connectors.http.names import names_listed
from connectors.http.retries import LimitHeaders
from connectors.http.source import HttpApi, HttpSource, streams_wanted
from connectors.http.streams import HttpStream
from connectors.kinds import Opening, SourceKind
from connectors.streams import in_dependency_order

ORGANISATION = "organisation"
_LISTING, _HISTORY = "slos", "slo_history"
_LIMITS = LimitHeaders(unit="seconds")


def open_datadog(settings: DatadogSettings, opening: Opening) -> HttpSource:
    """Open an organisation."""
    streams = streams_wanted(STREAMS, settings.streams, source=settings.name)
    keys = {
        "dd-api-key": opening.secrets[settings.api_key_env],
        "dd-application-key": opening.secrets[settings.application_key_env],
    }

    def scopes(stream: HttpStream, store: EvidenceStore) -> list[str]:
        """The organisation; for histories, each objective that the last listing had."""
        if stream.name != _HISTORY:
            return [ORGANISATION]
        return names_listed(_LISTING, ORGANISATION, source=settings.name, store=store, wanted_by=_HISTORY)

    api = HttpApi(
        kind=KIND.name,
        streams=tuple(until_now(stream, opening.runtime.clock) for stream in streams),
        credentials=StaticCredentials(keys),
        scopes=scopes,
        probe="/api/v1/slo?limit=1",
        limits=_LIMITS,
        listed_by={_HISTORY: _LISTING},
    )
    return HttpSource(api, settings, opening)


def until_now(stream: HttpStream, clock: Callable[[], datetime]) -> HttpStream:
    """A stream whose windows begin where Datadog's memory does, and ask for nothing that is to come."""
    if stream.windows is None:
        return stream

    def known(start: datetime, end: datetime) -> dict[str, str]:
        return within(start, min(end, clock()))

    return replace(stream, windows=replace(stream.windows, parameters=known, first=clock() - RETENTION))


KIND = SourceKind(
    name="datadog",
    title="Datadog",
    streams=in_dependency_order(STREAMS),
    settings=DatadogSettings,
    open=open_datadog,
)
