"""Alerts of the moment, silences and receivers, from the simulated organisation and from small lists."""

from pathlib import Path

import pytest

from connectors.errors import CredentialsRejectedError, PermanentSourceError
from connectors.http.source import HttpSource
from connectors.sandbox.alertmanager.api import AlertmanagerApi
from connectors.sandbox.alertmanager.firing import PENDING_SECONDS, fingerprint
from connectors.sandbox.company import found
from connectors.sandbox.simulation import play
from connectors.streams import TimeWindow
from tests.connectors.alertmanager.watched import TOKEN, SmallAlertmanager, alert, open_alertmanager_source
from tests.connectors.prometheus.observed import instant
from tests.connectors.prometheus.organisation import PARAMETERS
from tests.connectors.workspace import landed, landed_records, open_store, windows
from tests.replay.loopback import Response
from tests.replay.vendor_api import VendorApi

BASIC = {"user_env": "ASSAY_ALERTMANAGER_USER", "password_env": "ASSAY_ALERTMANAGER_PASSWORD"}


def company_api() -> AlertmanagerApi:
    story = play(found(PARAMETERS))
    return AlertmanagerApi(story.company, story.events, TOKEN)


def extract(source: HttpSource, *streams: str) -> None:
    for stream in streams:
        assert source.extract(stream, run_id="run").failures == ()


def test_an_outage_is_an_alert_from_the_time_it_fires_until_it_ends(tmp_path: Path) -> None:
    api = company_api()
    server = VendorApi(api, prefix="alertmanager")
    api.move_to(PARAMETERS.ends_at)
    outage = next(
        row for row in api.monitoring.outages if row.ends_at and row.ends_at > row.starts_at + 3_600
    )
    api = company_api()
    server = VendorApi(api, prefix="alertmanager")
    seen: list[int] = []
    with server.server, open_store(tmp_path) as store:
        source = open_alertmanager_source(store, server.base_url, **BASIC)
        for moment in (outage.starts_at, outage.starts_at + PENDING_SECONDS + 60, (outage.ends_at or 0) + 60):
            api.move_to(moment)
            extract(source, "alerts")
            (*_, page) = windows(store, "alerts")
            bodies = {row["log_index"]: row["body"] for row in landed(store, "alerts")}
            seen.append(
                sum(bodies[index].count(outage.service.encode()) > 0 for index in page["page_indexes"])
            )
    assert seen == [0, 1, 0]


def test_everything_is_listed_for_a_request_each(tmp_path: Path) -> None:
    api = company_api()
    server = VendorApi(api, prefix="alertmanager")
    with server.server, open_store(tmp_path) as store:
        api.move_to(PARAMETERS.ends_at)
        source = open_alertmanager_source(store, server.base_url, **BASIC)
        assert all(check.is_ok for check in source.check())
        server.asked()
        for stream in source.streams:
            assert source.extract(stream.name, run_id="run").requests == 1
        assert server.asked() == ["/api/v2/alerts", "/api/v2/silences", "/api/v2/receivers"]
        names = [row["name"] for row in landed_records(store, "receivers")]
        assert names[0] == "default"
        assert len(names) > 1


def test_an_unchanged_list_is_not_landed_twice(tmp_path: Path) -> None:
    server = VendorApi(
        SmallAlertmanager(alerts=[alert("shop", "10:00", updated="10:05")]), prefix="alertmanager"
    )
    with server.server, open_store(tmp_path) as store:
        source = open_alertmanager_source(store, server.base_url)
        extract(source, "alerts")
        assert source.extract("alerts", run_id="again").pages == 0
        assert len(landed_records(store, "alerts")) == 1


def test_an_alert_without_a_fingerprint_is_another_api(tmp_path: Path) -> None:
    server = VendorApi(SmallAlertmanager(), prefix="alertmanager")
    server.spoil = lambda _: Response(b'{"status":"success","data":[{"labels":{}}]}')  # the removed API v1
    with server.server, open_store(tmp_path) as store:
        report = open_alertmanager_source(store, server.base_url).extract("alerts", run_id="run")
        assert "another shape" in str(report.failures[0].error)


def test_strangers_are_turned_away(tmp_path: Path) -> None:
    server = VendorApi(company_api(), prefix="alertmanager")
    with (
        server.server,
        open_store(tmp_path) as store,
        pytest.raises(CredentialsRejectedError),
    ):
        open_alertmanager_source(store, server.base_url).extract("alerts", run_id="run")


def test_alertmanager_has_no_past_to_read_again(tmp_path: Path) -> None:
    with open_store(tmp_path) as store, pytest.raises(PermanentSourceError, match="no windows of time"):
        open_alertmanager_source(store, "http://127.0.0.1:9").extract(
            "alerts", run_id="run", window=TimeWindow(instant("2026-11-20"), instant("2026-11-21"))
        )


def test_fingerprints_are_those_of_prometheus() -> None:
    """The value is one that the real Alertmanager gave to these labels."""
    labels = {
        "alertname": "ShopDown",
        "instance": "a:1",
        "job": "shop",
        "service": "shop",
        "severity": "critical",
    }
    assert fingerprint(labels) == "d8f7008e6418ef63"
