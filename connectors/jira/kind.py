"""Jira, as a kind of source."""

import base64
from collections.abc import Iterator, Mapping
from functools import partial

from connectors.evidence import EvidenceStore
from connectors.http.credentials import StaticCredentials
from connectors.http.lanes import Unit
from connectors.http.reading import Reader
from connectors.http.retries import LimitHeaders
from connectors.http.source import HttpApi, HttpSource, OwnReader, streams_wanted
from connectors.jira.batches import BATCH, changelog_units, worklog_units
from connectors.jira.deployments import deployed
from connectors.jira.feeds import feed_units
from connectors.jira.reading import (
    history_units,
    issue_units,
    item_parameters,
    key_units,
    scopes_of,
    sprint_units,
)
from connectors.jira.settings import JiraSettings
from connectors.jira.streams import STREAMS
from connectors.kinds import Opening, SourceKind
from connectors.streams import in_dependency_order

_LIMITS = LimitHeaders(unit="iso")
_WALKED = frozenset({"issues", "worklog_updates"})


def open_jira(settings: JiraSettings, opening: Opening) -> HttpSource:
    """Open a site, or some projects of it."""
    wanted = streams_wanted(STREAMS, settings.streams, source=settings.name)
    version = 2 if settings.deployment == "data_center" else 3
    api = HttpApi(
        kind=KIND.name,
        streams=tuple(deployed(stream, settings) for stream in wanted),
        credentials=StaticCredentials({"authorization": _authorization(settings, opening.secrets)}),
        scopes=partial(scopes_of, settings),
        probe=f"/rest/api/{version}/myself",
        limits=_LIMITS,
        readers=_readers(settings),
        listed_by={} if settings.projects else {"issue_keys": "projects"},
        batches={"changelogs": BATCH} | ({} if settings.projects else {"worklogs": BATCH}),
        walked=_WALKED,
        item_parameters=partial(item_parameters, settings),
    )
    return HttpSource(api, settings, opening)


def _authorization(settings: JiraSettings, secrets: Mapping[str, str]) -> str:
    """Basic with an e-mail address, as Cloud wants it for API tokens; a bearer otherwise."""
    token = secrets[settings.token_env]
    if settings.email_env is None:
        return f"Bearer {token}"
    pair = f"{secrets[settings.email_env]}:{token}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _readers(settings: JiraSettings) -> dict[str, OwnReader]:
    return {
        "issues": partial(issue_units, settings),
        "histories": partial(history_units, settings),
        "changelogs": partial(changelog_units, settings),
        "issue_keys": partial(key_units, settings),
        "sprints": partial(sprint_units, settings),
        "worklog_updates": _nothing if settings.projects else feed_units,
        "worklogs": partial(worklog_units, settings),
        "worklog_deletions": feed_units,
    }


def _nothing(_reader: Reader, _store: EvidenceStore) -> Iterator[Unit]:
    """What is read with another stream: the worklogs of named projects come issue by issue."""
    yield from ()


KIND = SourceKind(
    name="jira",
    title="Jira",
    streams=in_dependency_order(STREAMS),
    settings=JiraSettings,
    open=open_jira,
)
