"""GitLab, as a kind of source."""

from functools import partial
from urllib.parse import quote, urlsplit

from connectors.gitlab.group_streams import GROUP_STREAMS, PROJECT
from connectors.gitlab.jobs import PARENTS, job_units
from connectors.gitlab.scopes import project_units, scopes_of
from connectors.gitlab.settings import GitLabSettings
from connectors.gitlab.streams import PIPELINE_JOBS, STREAMS
from connectors.http.credentials import StaticCredentials
from connectors.http.retries import LimitHeaders
from connectors.http.source import HttpApi, HttpSource, streams_wanted
from connectors.kinds import Opening, SourceKind
from connectors.streams import in_dependency_order

_LIMITS = LimitHeaders(limit="ratelimit-limit", remaining="ratelimit-remaining", reset="ratelimit-reset")
_PER_MINUTE = {"gitlab.com": 2000}
"""Requests a minute of one user ("Rate limits on GitLab.com"); self-managed servers set their own or none.

Lists of jobs and of a group's projects have 600 of their own there: a first run may meet that, and waits."""


def open_gitlab(settings: GitLabSettings, opening: Opening) -> HttpSource:
    """Open groups, or a list of projects."""
    token = opening.secrets[settings.token_env] if settings.token_env else None
    api = HttpApi(
        kind=KIND.name,
        streams=streams_wanted(
            STREAMS,
            settings.streams,
            source=settings.name,
            always=_always(settings),
        ),
        credentials=StaticCredentials({"private-token": token} if token is not None else {}),
        scopes=partial(scopes_of, settings),
        probe=_probe(settings),
        per_minute=_PER_MINUTE.get(urlsplit(settings.base_url).hostname or ""),
        limits=_LIMITS,
        readers={
            PROJECT.name: partial(project_units, settings),
            PIPELINE_JOBS.name: lambda reader, store: job_units(
                scopes_of(settings, reader.stream, store), reader
            ),
        },
        listed_by={
            stream.name: PROJECT.name
            for stream in STREAMS
            if stream.name not in GROUP_STREAMS and stream.name != PROJECT.name
        },
        walked=frozenset(PARENTS),
    )
    return HttpSource(api, settings, opening)


def _always(settings: GitLabSettings) -> tuple[str, ...]:
    """Streams that others go through: projects of groups, and for jobs also the child pipelines."""
    listed = (PROJECT.name,) if settings.groups else ()
    return (*listed, *PARENTS) if PIPELINE_JOBS.name in (settings.streams or ()) else listed


def _probe(settings: GitLabSettings) -> str:
    """The first group or project: a check then says whether the token sees it."""
    if settings.groups:
        return f"/groups/{quote(settings.groups[0], safe='')}?with_projects=false"
    return f"/projects/{quote(settings.projects[0], safe='')}"


KIND = SourceKind(
    name="gitlab",
    title="GitLab",
    streams=in_dependency_order(STREAMS),
    settings=GitLabSettings,
    open=open_gitlab,
    hourly_limit=120_000,
)
