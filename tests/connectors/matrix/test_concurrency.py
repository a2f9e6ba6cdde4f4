"""Requests in flight: politely few, never above the setting, fewer after a secondary limit."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from pydantic import ValidationError

from connectors.settings import HttpSettings
from connectors.sources import SOURCE_KINDS
from tests.connectors.matrix.faults import LIMITED
from tests.connectors.matrix.runs import LATER, Reading, reading
from tests.connectors.matrix.sources import SOURCES
from tests.connectors.matrix.vendor import Answer
from tests.replay.loopback import Request, Response

DOCUMENTED: Mapping[str, int | None] = {
    "github": 100,  # "Rate limits for the REST API": no more than 100 concurrent requests
    "prometheus": 20,  # --query.max-concurrency, its default
    "alertmanager": None,  # --web.get-concurrency is GOMAXPROCS or 8, whichever is larger; further ones wait
    "jira": None,  # "Rate limiting": bursts by endpoint, no number of requests in flight
    "gitlab": None,  # "Rate limits on GitLab.com": requests a minute
    "circleci": None,  # "API v2 introduction", rate limits: no figures
    "jenkins": None,
    "argocd": None,
    "pagerduty": None,  # "REST API rate limits": 960 requests a minute
    "datadog": None,  # "Rate limits": by endpoint and time, told by headers
    "scim": None,  # RFC 7644 has 429 and no figures
}
POLITE = 16
KINDS = sorted({source.kind for source in SOURCES.values()})


def settings(kind: str, **changes: object) -> HttpSettings:
    """The settings of a source of the kind, with what it must have and no more."""
    spec = next(source for source in SOURCES.values() if source.kind == kind)
    document = {"name": kind, "kind": kind, "base_url": "https://api.example", **spec.settings, **changes}
    parsed = SOURCE_KINDS[kind].settings.model_validate(document)
    assert isinstance(parsed, HttpSettings)
    return parsed


@pytest.mark.parametrize("kind", KINDS)
def test_the_default_is_polite_and_within_what_the_vendor_documents(kind: str) -> None:
    parsed, documented = settings(kind), DOCUMENTED[kind]
    assert parsed.concurrency <= POLITE
    if documented is not None:
        assert documented >= parsed.MAX_CONCURRENCY
    assert parsed.concurrency <= parsed.MAX_CONCURRENCY


@pytest.mark.parametrize("kind", KINDS)
def test_more_than_the_bound_and_less_than_one_are_refused(kind: str) -> None:
    bound = settings(kind).MAX_CONCURRENCY
    assert settings(kind, concurrency=bound).concurrency == bound
    for wrong in (bound + 1, 0, -1):
        with pytest.raises(ValidationError):
            settings(kind, concurrency=wrong)


def slow(read: Reading) -> None:
    """Let answers take long enough to overlap."""
    read.vendor.disturb = lambda _request, sound: replace(sound(), delay_seconds=0.004)


@pytest.mark.parametrize("source", SOURCES)
def test_never_more_are_in_flight_than_the_settings_allow(source: str) -> None:
    with reading(SOURCES[source], at=LATER, concurrency=3) as read:
        slow(read)
        read.run()
        assert read.failures == []
        lanes = max(report.windows_closed for report in read.reports.values())
        assert min(3, lanes) >= read.vendor.server.most_at_once
        assert read.vendor.server.most_at_once >= min(2, lanes)


FANNING_OUT = {
    "github": "workflow_jobs",
    "gitlab": "pipeline_details",
    "circleci": "workflows",
    "jenkins": "stages",
}


@pytest.mark.parametrize("source", FANNING_OUT)
def test_after_a_secondary_limit_half_as_many_are_in_flight(source: str) -> None:
    with reading(SOURCES[source], at=LATER, concurrency=8) as read:
        opened, fans = read.source(), FANNING_OUT[source]
        for stream in opened.streams:
            if stream.name == fans:
                break
            opened.extract(stream.name, run_id="before")
        asked, at_once = 0, []

        def limiting(_request: Request, sound: Answer) -> Response:
            nonlocal asked
            asked += 1
            at_once.append(read.vendor.server.at_once)
            if asked <= 8:
                return Response(LIMITED, 403, {"retry-after": "1"}, delay_seconds=0.1)
            return replace(sound(), delay_seconds=0.004)

        read.vendor.disturb = limiting
        report = opened.extract(fans, run_id="limited")
        assert report.failures == ()
        assert max(at_once[:8]) == 8
        assert max(at_once[8:24]) <= 4
