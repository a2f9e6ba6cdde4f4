"""The simulated organisation's Prometheus over real HTTP: everything comes, once, and nothing else."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from connectors.errors import CredentialsRejectedError
from connectors.sandbox import serve, simulate
from connectors.sandbox.prometheus.api import PrometheusApi
from connectors.sandbox.prometheus.evaluation import evaluate
from connectors.sandbox.prometheus.series import all_series
from tests.connectors.prometheus.observed import Sample, instant, observe, open_source
from tests.connectors.prometheus.organisation import QUERIES, at_end, company_api
from tests.connectors.workspace import FakeTime, landed_records, open_store
from tests.replay.vendor_api import VendorApi

TOKEN = "s3cr3t-t0ken"
SINCE = "2026-06-20"


def folded(api: PrometheusApi, *, until: str) -> dict[Sample, str]:
    """The samples that the sandbox's own fold holds of the configured queries."""
    start, end = (int(instant(text).timestamp()) for text in (SINCE, until))
    instants = np.arange(start, end, 300, dtype=np.int64)
    return {
        (query["name"], json.dumps(row["metric"], sort_keys=True), at): value
        for query in QUERIES
        for row in evaluate(all_series(api.monitoring), query["query"], instants)
        for at, value in row["values"]
    }


def agree(held: Mapping[Sample, str], expected: Mapping[Sample, str]) -> None:
    assert len(held) == len(expected) > 1_000
    assert dict(held) == dict(expected)


def test_first_run_and_increment_hold_what_the_simulation_holds(tmp_path: Path) -> None:
    api = company_api()
    server = VendorApi(api, prefix="prometheus")
    first, later = at_end(hours=-60), at_end(hours=-8)
    with observe(tmp_path, server, now=first, queries=QUERIES, since=SINCE, delay_seconds=0) as observed:
        report = observed.source.extract("range_samples", run_id="first")
        assert not report.failures
        assert report.requests == 3 * 9
        agree(observed.held(), folded(api, until=first))
        observed.time.now = instant(later)
        assert observed.source.extract("range_samples", run_id="later").requests == 3 * 3
        agree(observed.held(), folded(api, until=later))


def test_alerts_over_time_are_the_outages_of_the_story(tmp_path: Path) -> None:
    api = company_api()
    server = VendorApi(api, prefix="prometheus")
    settings = {"since": "2026-05-01", "retention_days": 400}
    with observe(tmp_path, server, now=at_end(), **settings) as observed:
        assert not observed.source.extract("alerts_history", run_id="run").failures
        alerted = {json.loads(labels)["service"] for _, labels, _ in observed.held("alerts_history")}
        assert alerted == {outage.service for outage in api.monitoring.outages}


def test_targets_and_rules_are_listed_whole(tmp_path: Path) -> None:
    api = company_api()
    server = VendorApi(api, prefix="prometheus")
    with observe(tmp_path, server, now=at_end()) as observed:
        for stream in ("targets", "rules"):
            assert observed.source.extract(stream, run_id="run").records > 0
        targets = landed_records(observed.store, "targets")[0]["data"]["activeTargets"]
        assert len(targets) == len(api.monitoring.running)


@pytest.mark.parametrize(
    ("given", "header"),
    [
        ({"token_env": "ASSAY_PROMETHEUS_TOKEN"}, f"Bearer {TOKEN}"),
        (
            {"user_env": "ASSAY_PROMETHEUS_USER", "password_env": "ASSAY_PROMETHEUS_TOKEN"},
            f"Basic {b64encode(f'assay:{TOKEN}'.encode()).decode()}",
        ),
    ],
)
def test_a_token_or_a_password_lets_in(tmp_path: Path, given: dict[str, str], header: str) -> None:
    server = VendorApi(company_api(TOKEN), prefix="prometheus")
    with observe(tmp_path, server, now=at_end(), **given) as observed:
        assert not observed.source.extract("targets", run_id="run").failures
        assert {request.headers["authorization"] for request in server.server.requests} == {header}


def test_without_credentials_the_server_says_no(tmp_path: Path) -> None:
    server = VendorApi(company_api(TOKEN), prefix="prometheus")
    with (
        observe(tmp_path, server, now=at_end()) as observed,
        pytest.raises(CredentialsRejectedError, match="does not accept the credentials"),
    ):
        observed.source.extract("targets", run_id="run")


def test_the_served_organisation_has_a_prometheus_below_its_prefix(tmp_path: Path) -> None:
    organisation = simulate(seed=3, months=1, services=2)
    time = FakeTime(now=organisation.ends_at - timedelta(hours=6))
    with serve(organisation, token=TOKEN) as server, open_store(tmp_path) as store:
        source = open_source(
            store,
            f"{server.base_url}/prometheus",
            time=time,
            queries=QUERIES,
            since=time.now.date() - timedelta(days=1),
            token_env="ASSAY_PROMETHEUS_TOKEN",
        )
        assert [found.message for found in source.check() if not found.is_ok] == []
        for stream in source.streams:
            assert not source.extract(stream.name, run_id="run").failures
