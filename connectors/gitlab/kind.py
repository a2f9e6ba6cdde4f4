"""GitLab, as a kind of source."""

from functools import partial
from urllib.parse import quote, urlsplit

from connectors.gitlab.scopes import project_units, scopes_of
from connectors.gitlab.settings import GitLabSettings
from connectors.gitlab.streams import PROJECT, STREAMS
from connectors.http.credentials import StaticCredentials
from connectors.http.retries import LimitHeaders
from connectors.http.source import HttpApi, HttpSource, streams_wanted
from connectors.kinds import Opening, SourceKind
from connectors.streams import in_dependency_order

_LIMITS = LimitHeaders(limit="ratelimit-limit", remaining="ratelimit-remaining", reset="ratelimit-reset")
_PER_MINUTE = {"gitlab.com": 2000}
"""Requests a minute of one user ("Rate limits on GitLab.com"); self-managed servers set their own or none."""


def open_gitlab(settings: GitLabSettings, opening: Opening) -> HttpSource:
    """Open groups, or a list of projects."""
    token = opening.secrets[settings.token_env] if settings.token_env else None
    api = HttpApi(
        kind=KIND.name,
        streams=streams_wanted(
            STREAMS,
            settings.streams,
            source=settings.name,
            always=(PROJECT.name,) if settings.groups else (),
        ),
        credentials=StaticCredentials({"private-token": token} if token is not None else {}),
        scopes=partial(scopes_of, settings),
        probe=_probe(settings),
        per_minute=_PER_MINUTE.get(urlsplit(settings.base_url).hostname or ""),
        limits=_LIMITS,
        readers={PROJECT.name: partial(project_units, settings)},
    )
    return HttpSource(api, settings, opening)


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
