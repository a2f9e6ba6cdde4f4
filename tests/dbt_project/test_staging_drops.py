"""Drops from their files to staging: which row of a key counts, in any portions, and what metrics get."""

import os
from pathlib import Path
from typing import Any

import pytest

from orchestration.stream_contracts import contracts_of
from quality_checks.checks import run_reconciliation
from tests.connectors.files.file_source import extract
from tests.dbt_project.warehouse import EvidenceBook, Warehouse

SELECTED = ("path:models/staging/drops",)
SCHEMA = {
    "id": "bigint",
    "app": "varchar",
    "environment": "varchar",
    "status": "varchar",
    "started_at": "timestamptz",
    "changed_at": "timestamptz",
    "who": "varchar",
}
HEADER = ",".join(SCHEMA) + "\n"
INCIDENTS = {"id": "varchar", "service": "varchar", "opened_at": "epoch_seconds", "severity": "integer"}
INCIDENTS |= {"rollout": "bigint", "caused_by_commit_sha": "varchar", "caused_by_pull_request": "varchar"}


def declared(name: str, mode: str, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "path": f"{name}/*.csv",
        "format": "csv",
        "schema": SCHEMA,
        "key": ["id"],
        "mode": mode,
        "updated_at": "changed_at",
        "personal_data": ["who"],
        "purpose": "deployments",
        "fields": {"service": "app"},
        **changes,
    }


DROPS = (
    declared("latest", "upsert"),
    declared("log", "append"),
    declared("whole", "replace_set", updated_at=None, purpose=None, fields={}),
    declared(
        "calls",
        "upsert",
        path="calls/*.ndjson",
        format="ndjson",
        schema=INCIDENTS,
        personal_data=[],
        updated_at=None,
        purpose="incidents",
        fields={"caused_by_deployment_id": "rollout"},
    ),
)


def row(number: int, status: str, *, changed: str) -> str:
    return f"{number},shop,prod,{status},2026-03-01T08:00:00+01:00,2026-03-{changed}T00:00:00Z,ada\n"


def drop(folder: Path, name: str, text: str, *, at: int) -> None:
    path = folder / "in" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (1_770_000_000 + at, 1_770_000_000 + at))


def first_files(folder: Path) -> None:
    for name in ("latest", "log", "whole"):
        drop(
            folder,
            f"{name}/1.csv",
            HEADER + row(1, "failure", changed="05") + row(2, "success", changed="05"),
            at=1,
        )
    drop(
        folder,
        "calls/1.ndjson",
        '{"id": "a", "service": "shop", "opened_at": 1770000000, "severity": 1, "rollout": 7, '
        '"caused_by_commit_sha": "abcdef1", "caused_by_pull_request": "acme/shop#9"}\n',
        at=1,
    )


def later_files(folder: Path) -> None:
    for name in ("latest", "log", "whole"):
        late = (
            row(1, "success", changed="06") + row(2, "stale", changed="04") + row(3, "success", changed="06")
        )
        drop(folder, f"{name}/2.csv", HEADER + late, at=2)


def take(book: EvidenceBook, folder: Path, run_id: str) -> None:
    reports = extract(book.store, folder, run_id=run_id, kind="drops", folder="in", drops=DROPS)
    assert [report.failures for report in reports.values()] == [(), ()]


def statuses(warehouse: Warehouse, name: str) -> list[tuple[Any, ...]]:
    return warehouse.rows(
        "select record_key, record_values ->> 'status' from staging.stg_drops__records"
        f" where drop_name = '{name}' order by 1"
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, Warehouse]:
    """The same files in two portions, and all at once."""
    folder = tmp_path_factory.mktemp("drops")
    steps, once = (
        EvidenceBook(tmp_path_factory.mktemp(name), kinds={"drops": "drops"}) for name in ("steps", "once")
    )
    slow, full = (Warehouse(tmp_path_factory.mktemp(name)) for name in ("slow", "full"))
    first_files(folder)
    take(steps, folder, "first")
    slow.build(steps.evidence(), select=SELECTED)
    later_files(folder)
    take(steps, folder, "later")
    slow.build(steps.evidence(), command="build", select=SELECTED)
    take(once, folder, "only")
    full.build(once.evidence(), select=SELECTED)
    return slow, full


def test_the_mode_decides_which_row_of_a_key_counts(built: tuple[Warehouse, Warehouse]) -> None:
    for warehouse in built:
        assert statuses(warehouse, "latest") == [("[1]", "success"), ("[2]", "success"), ("[3]", "success")]
        assert statuses(warehouse, "log") == [("[1]", "failure"), ("[2]", "success"), ("[3]", "success")]
        assert statuses(warehouse, "whole") == [("[1]", "success"), ("[2]", "stale"), ("[3]", "success")]


def test_deployments_and_incidents_are_typed_for_the_metrics(built: tuple[Warehouse, Warehouse]) -> None:
    warehouse, _ = built
    deployments = warehouse.rows(
        "select drop_name, deployment_key, service, environment, status, started_at::varchar"
        " from staging.stg_drops__deployments order by all"
    )
    assert len(deployments) == 6
    assert deployments[0] == ("latest", "[1]", "shop", "prod", "success", "2026-03-01 07:00:00+00")
    incidents = warehouse.rows(
        "select service, severity, epoch(opened_at)::bigint, resolved_at from staging.stg_drops__incidents"
    )
    assert incidents == [("shop", "1", 1_770_000_000, None)]
    causes = warehouse.rows(
        "select caused_by_deployment_id, caused_by_commit_sha, caused_by_pull_request"
        " from staging.stg_drops__incidents"
    )
    assert causes == [("7", "abcdef1", "acme/shop#9")]


def test_nothing_is_lost_and_nobody_is_named(built: tuple[Warehouse, Warehouse]) -> None:
    for warehouse in built:
        assert warehouse.rows("select sum(cast_loss_count) from staging.stg_drops__rows") == [(0,)]
        assert warehouse.rows("from raw.unreadable_records") == []
        assert "'ada'" not in repr(warehouse.contents())
        assert '"who"' not in repr(warehouse.contents())


def test_every_row_leads_to_its_line_and_file(built: tuple[Warehouse, Warehouse]) -> None:
    warehouse, _ = built
    rows = warehouse.rows(
        "select distinct length(file_sha256), line_number from staging.stg_drops__records order by all"
    )
    assert rows == [(64, 1), (64, 2), (64, 3), (64, 4)]


def test_reconciliation_finds_every_row_that_was_counted_on_arrival(
    built: tuple[Warehouse, Warehouse],
) -> None:
    warehouse, _ = built
    with warehouse.connection() as con:
        layers = ("extraction", "landing", "staging")
        results = run_reconciliation(con, streams=contracts_of({"drops"}), layers=layers, expected=())
    assert [result.name for result in results if not result.is_passed] == []
    totals = {
        result.subject: result.observed for result in results if result.name == "claimed_totals_arrived"
    }
    assert totals["raw.drops__rows"] != "0 records"
