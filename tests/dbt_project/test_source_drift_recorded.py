"""Replies of real Jira, Jenkins, Datadog and PagerDuty servers lose nothing."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.source_contracts import source_contracts
from orchestration.steps.raw_schema import build_raw_schema
from orchestration.steps.staged_streams import STAGED_STREAMS
from quality_checks.source_drift.checks import check_source_drift
from tests.connectors.datadog import organisation as datadog
from tests.connectors.jenkins import server as jenkins
from tests.connectors.jenkins.recorded import RecordedJenkins
from tests.connectors.jira import site as jira
from tests.connectors.jira.recorded import RecordedSite
from tests.connectors.workspace import FakeTime
from tests.dbt_project.test_staging_datadog import as_sent
from tests.dbt_project.warehouse import EvidenceBook, config_tables
from tests.replay.loopback import LoopbackServer, Request, Response
from tests.replay.vendor_api import VendorApi

SAID = {"jenkins": ["result of jenkins: a known word became NOT_BUILD"]}  # a plugin's own word
JIRA = ("projects", "fields", "statuses", "users", "issues", "changelogs", "worklog_updates", "worklogs")


def land_jira(book: EvidenceBook, payloads: Path) -> None:
    with LoopbackServer(RecordedSite(payloads)) as server:
        source = jira.open_source(
            server.base_url, book.store, FakeTime(now=jira.END), is_cloud=True, custom_fields=("Sprint",)
        )
        for stream in JIRA:
            source.extract(stream, run_id="run")


def land_jenkins(book: EvidenceBook, payloads: Path) -> None:
    api = VendorApi(RecordedJenkins(payloads / "devlake" / "jenkins"), prefix="jenkins")
    with api.server:
        jenkins.read(book.store, api.base_url)


def land_datadog(book: EvidenceBook, payloads: Path) -> None:
    folder = payloads / "faros" / "datadog"
    recorded = {
        name: as_sent(json.loads(gzip.decompress((folder / f"test_files__{name}.json.gz").read_bytes())))
        for name in ("incidents", "users")
    }

    def answer(request: Request) -> Response:
        return Response(json.dumps(recorded[request.path.rsplit("/", 1)[1]]).encode())

    with LoopbackServer(answer) as server:
        source = datadog.open_source(server.base_url, book.store, FakeTime())
        for name in recorded:
            source.extract(name, run_id="run")


def land_pagerduty(book: EvidenceBook, payloads: Path) -> None:
    lines = gzip.decompress((payloads / "devlake/pagerduty/raw_pagerduty_incidents.ndjson.gz").read_bytes())
    incidents = [json.loads(line)["data"] for line in lines.splitlines()]
    entries = [entry for incident in incidents for entry in incident.pop("log_entries")]
    book.land("incidents", "acme", {"incidents": incidents, "more": False}, source="pagerduty")
    book.land("log_entries", "acme", {"log_entries": entries, "more": False}, source="pagerduty")


@pytest.mark.parametrize(
    ("kind", "land"),
    [
        ("jira", land_jira),
        ("jenkins", land_jenkins),
        ("datadog", land_datadog),
        ("pagerduty", land_pagerduty),
    ],
)
def test_real_recorded_payloads_lose_nothing(
    tmp_path: Path, payloads: Path, kind: str, land: Callable[[EvidenceBook, Path], None]
) -> None:
    streams = [stream for stream in STAGED_STREAMS if stream.kind == kind]
    book = EvidenceBook(tmp_path, kinds={kind: kind}, streams=streams)
    land(book, payloads)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        build_raw_schema(con, book.evidence(), config=config_tables(), staging_sha256="1")
        results = check_source_drift(con, source_contracts(frozenset({kind})))
        sighted = con.execute("select count(*) from quality.field_sightings").fetchall()
    book.ledger.close()
    assert sighted[0][0] > 20
    assert [each.offenders for each in results if each.is_blocking] == []
    said = [each.offenders[0] for each in results if not each.is_passed]
    assert [text.partition(" (")[0] for text in said] == SAID.get(kind, [])
