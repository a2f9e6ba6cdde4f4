"""The organisation as the sandbox serves it beside its other APIs, with a server that stumbles."""

from datetime import date
from pathlib import Path
from typing import Any

from connectors.datadog.kind import KIND
from connectors.datadog.streams import STREAMS
from connectors.kinds import Opening
from connectors.sandbox.faults import Fault, FaultPlan
from connectors.sandbox.organisation import simulate
from connectors.sandbox.serving import serve
from tests.connectors.workspace import FakeTime, landed, open_store

TOKEN = "one-secret-for-both-keys"
FAULTS = FaultPlan((Fault("unavailable", 7), Fault("truncated", 19)))


def test_a_server_that_stumbles_costs_time_and_no_record(tmp_path: Path) -> None:
    organisation = simulate(months=2, services=3, until=date(2026, 7, 1))
    with serve(organisation, token=TOKEN, faults=FAULTS) as server, open_store(tmp_path) as store:
        settings: Any = KIND.settings.model_validate(
            {
                "name": "datadog",
                "kind": "datadog",
                "base_url": f"{server.base_url}/datadog",
                "since": "2026-05-01",
            }
        )
        secrets = {settings.api_key_env: TOKEN, settings.application_key_env: TOKEN}
        runtime = FakeTime(now=organisation.ends_at).runtime()
        source = KIND.open(settings, Opening(store=store, runtime=runtime, secrets=secrets))
        assert all(found.is_ok for found in source.check())
        assert {cost.stream for cost in source.estimate()} == {stream.name for stream in STREAMS}
        reports = {stream.name: source.extract(stream.name, run_id="run") for stream in STREAMS}
        assert [report.failures for report in reports.values()] == [()] * len(reports)
        weeks = {(row["scope"], row["parent_key"]) for row in landed(store, "slo_history")}
        assert len(weeks) == reports["slo_history"].windows_closed == 9 * reports["slos"].records
        assert server.counters()["apis"]["datadog"]["statuses"]["503"] > 0
