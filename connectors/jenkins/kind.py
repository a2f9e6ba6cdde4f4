"""Jenkins, as a kind of source."""

import base64
from functools import partial

from connectors.evidence import EvidenceStore
from connectors.http.credentials import StaticCredentials
from connectors.http.source import HttpApi, HttpSource, streams_wanted
from connectors.http.streams import HttpStream
from connectors.jenkins.builds import read_builds
from connectors.jenkins.jobs import JOBS, jobs_listed, read_jobs
from connectors.jenkins.settings import JenkinsSettings
from connectors.jenkins.streams import STREAMS
from connectors.jenkins.trees import WHOLE_SERVER
from connectors.kinds import Opening, SourceKind


def open_jenkins(settings: JenkinsSettings, opening: Opening) -> HttpSource:
    """Open a server, or some folders and jobs of it."""
    roots = list(settings.jobs) or [WHOLE_SERVER]

    def scopes(stream: HttpStream, store: EvidenceStore) -> list[str]:
        if stream.name == JOBS:
            return roots
        return sorted(jobs_listed(roots, settings.name, store, wanted_by=stream.name))

    api = HttpApi(
        kind="jenkins",
        streams=streams_wanted(STREAMS, settings.streams, source=settings.name),
        credentials=_credentials(settings, opening),
        scopes=scopes,
        probe="/api/json?tree=mode",
        readers={JOBS: partial(read_jobs, roots), "builds": partial(read_builds, roots)},
    )
    return HttpSource(api, settings, opening)


def _credentials(settings: JenkinsSettings, opening: Opening) -> StaticCredentials:
    """User and API token, which Jenkins takes as basic credentials (RFC 7617)."""
    if settings.user_env is None or settings.token_env is None:
        return StaticCredentials()
    pair = f"{opening.secrets[settings.user_env]}:{opening.secrets[settings.token_env]}"
    return StaticCredentials({"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"})


KIND = SourceKind(
    name="jenkins", title="Jenkins", streams=STREAMS, settings=JenkinsSettings, open=open_jenkins
)
