"""Alertmanager, as a kind of source."""

from connectors.alertmanager.settings import AlertmanagerSettings
from connectors.alertmanager.streams import SERVER, STREAMS
from connectors.http.source import HttpApi, HttpSource, streams_wanted
from connectors.kinds import Opening, SourceKind
from connectors.prometheus.access import credentials_of


def open_alertmanager(settings: AlertmanagerSettings, opening: Opening) -> HttpSource:
    """Open an Alertmanager."""
    api = HttpApi(
        kind="alertmanager",
        streams=streams_wanted(STREAMS, settings.streams, source=settings.name),
        credentials=credentials_of(settings, opening.secrets),
        scopes=lambda _stream, _store: [SERVER],
        probe="/api/v2/status",
    )
    return HttpSource(api, settings, opening)


KIND = SourceKind(
    name="alertmanager",
    title="Alertmanager",
    streams=STREAMS,
    settings=AlertmanagerSettings,
    open=open_alertmanager,
)
