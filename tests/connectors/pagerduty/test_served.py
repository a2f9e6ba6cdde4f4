"""The account as the sandbox serves it beside the organisation's other APIs, with a server that stumbles."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from connectors.pagerduty.streams import STREAMS
from connectors.sandbox.faults import Fault, FaultPlan
from connectors.sandbox.organisation import simulate
from connectors.sandbox.serving import serve
from tests.connectors.pagerduty.account import TOKEN, open_source
from tests.connectors.workspace import FakeTime, landed_records, open_store

FAULTS = FaultPlan((Fault("bad_gateway", 3), Fault("html", 5), Fault("too_many", 7, 2.0)))


def test_a_server_that_stumbles_costs_time_and_no_record(tmp_path: Path) -> None:
    organisation = simulate(months=2, services=3, until=date(2026, 7, 1))
    end = organisation.ends_at
    middle = end - timedelta(days=20)
    with (
        serve(organisation, token=TOKEN, at=middle, faults=FAULTS) as server,
        open_store(tmp_path) as store,
    ):
        time = FakeTime(now=middle)
        source = open_source(server.base_url + "/pagerduty", store, time, since="2026-05-01")
        for instant in (middle, end):
            server.move_to(instant)
            time.now = max(time.now, instant)
            for stream in STREAMS:
                assert source.extract(stream.name, run_id=f"run-{instant}").failures == ()
        opened = {row["id"] for row in landed_records(store, "incidents", envelope="incidents")}
        told = {row["incident"]["id"] for row in landed_records(store, "log_entries", envelope="log_entries")}
        assert opened == told != set()
        newest = {row["id"]: row for row in landed_records(store, "incidents", envelope="incidents")}
        known = sum(1 for event in organisation.timeline if type(event).__name__ == "IncidentOpened")
        assert len([row for row in newest.values() if not row["resolve_reason"]]) >= known
        assert datetime.fromisoformat(min(row["created_at"] for row in newest.values())) > datetime(
            2026, 5, 1, tzinfo=UTC
        )
        assert server.counters()["apis"]["pagerduty"]["statuses"]["502"] > 0
