"""PagerDuty, as a kind of source."""

from connectors.http.credentials import StaticCredentials
from connectors.http.retries import LimitHeaders
from connectors.http.source import HttpApi, HttpSource, streams_wanted
from connectors.kinds import Opening, SourceKind
from connectors.pagerduty.settings import PagerDutySettings
from connectors.pagerduty.streams import STREAMS
from connectors.pagerduty.unresolved import ACCOUNT, incident_units
from connectors.streams import in_dependency_order

PER_MINUTE = 960
"""Requests a minute of one API key ("REST API rate limits")."""

_HEADERS = {"accept": "application/vnd.pagerduty+json;version=2", "content-type": "application/json"}
_LIMITS = LimitHeaders(
    limit="ratelimit-limit", remaining="ratelimit-remaining", reset="ratelimit-reset", unit="seconds"
)


def open_pagerduty(settings: PagerDutySettings, opening: Opening) -> HttpSource:
    """Open an account."""
    token = opening.secrets[settings.token_env]
    api = HttpApi(
        kind=KIND.name,
        streams=streams_wanted(STREAMS, settings.streams, source=settings.name),
        credentials=StaticCredentials({"authorization": f"Token token={token}"}),
        scopes=lambda _stream, _store: [ACCOUNT],
        probe="/services?limit=1",
        headers=_HEADERS,
        per_minute=PER_MINUTE,
        limits=_LIMITS,
        readers={"incidents": incident_units},
    )
    return HttpSource(api, settings, opening)


KIND = SourceKind(
    name="pagerduty",
    title="PagerDuty",
    streams=in_dependency_order(STREAMS),
    settings=PagerDutySettings,
    open=open_pagerduty,
    hourly_limit=PER_MINUTE * 60,
)
