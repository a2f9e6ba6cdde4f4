"""CircleCI, as a kind of source."""

from functools import partial

from connectors.circleci.settings import CircleCISettings
from connectors.circleci.streams import STREAMS
from connectors.circleci.workflows import workflow_units
from connectors.http.credentials import StaticCredentials
from connectors.http.source import HttpApi, HttpSource, streams_wanted
from connectors.kinds import Opening, SourceKind
from connectors.streams import in_dependency_order


def open_circleci(settings: CircleCISettings, opening: Opening) -> HttpSource:
    """Open a list of projects."""
    api = HttpApi(
        kind=KIND.name,
        streams=streams_wanted(STREAMS, settings.streams, source=settings.name),
        credentials=StaticCredentials({"circle-token": opening.secrets[settings.token_env]}),
        scopes=lambda _stream, _store: list(settings.projects),
        probe="/me",
        readers={"workflows": partial(workflow_units, settings)},
        walked=frozenset({"pipelines", "workflows"}),
    )
    return HttpSource(api, settings, opening)


KIND = SourceKind(
    name="circleci",
    title="CircleCI",
    streams=in_dependency_order(STREAMS),
    settings=CircleCISettings,
    open=open_circleci,
)
