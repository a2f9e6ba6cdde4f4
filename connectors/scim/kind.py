"""SCIM, as a kind of source."""

from connectors.http.credentials import StaticCredentials
from connectors.http.source import HttpApi, HttpSource, streams_wanted
from connectors.kinds import Opening, SourceKind
from connectors.scim.changes import directory_units
from connectors.scim.settings import ScimSettings
from connectors.scim.streams import DIRECTORY, STREAMS, with_pages_of
from connectors.streams import in_dependency_order


def open_scim(settings: ScimSettings, opening: Opening) -> HttpSource:
    """Open a directory."""
    streams = streams_wanted(STREAMS, settings.streams, source=settings.name)
    readers = {stream.name: directory_units for stream in streams} if settings.filters_changes else {}
    api = HttpApi(
        kind=KIND.name,
        streams=with_pages_of(streams, settings.page_size),
        credentials=StaticCredentials({"authorization": f"Bearer {opening.secrets[settings.token_env]}"}),
        scopes=lambda _stream, _store: [DIRECTORY],
        probe="/Users?count=1&attributes=id",
        headers={"accept": "application/scim+json"},
        readers=readers,
    )
    return HttpSource(api, settings, opening)


KIND = SourceKind(
    name="scim", title="SCIM", streams=in_dependency_order(STREAMS), settings=ScimSettings, open=open_scim
)
