"""Argo CD from the wire to staging: every deployment that was ever listed stays, failed ones included."""

import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from connectors.sandbox.argocd.documents import CHART_VERSION, application_document
from connectors.sandbox.argocd.state import HISTORY_LIMIT, ArgoFold
from tests.connectors.argocd.server import COMPANY, SmallArgo
from tests.dbt_project.warehouse import EvidenceBook, Warehouse

SELECTED = ("path:models/staging/argocd",)
KINDS = {"argocd": "argocd"}
START, END = int(COMPANY.starts_at.timestamp()), int(COMPANY.ends_at.timestamp())
DAY = 86_400
Operation = tuple[str, datetime, str]


class Readings:
    """An Argo CD that is read now and then, and what it showed each time."""

    def __init__(self, folder: Path) -> None:
        self.book = EvidenceBook(folder, kinds=KINDS)
        self.deployments: set[tuple[str, int]] = set()
        self.operations: dict[tuple[str, datetime], str] = {}

    def read(self, *instants: int) -> None:
        """Read at instants of the story."""
        argo = SmallArgo(START)
        with argo.api.server:
            for instant in instants:
                argo.app.move_to(instant)
                assert argo.read(self.book.store).failures == ()
                self._note(argo.app.fold)

    def _note(self, fold: ArgoFold) -> None:
        for each in fold.applications.values():
            self.deployments |= {(each.uid, entry.number) for entry in each.history}
            if each.operation is not None:
                started_at = datetime.fromtimestamp(each.operation.started_at, UTC)
                self.operations[each.uid, started_at] = each.operation.phase


@pytest.fixture(scope="module")
def often(tmp_path_factory: pytest.TempPathFactory) -> tuple[Readings, Warehouse]:
    """Read every third day, staged after half of the readings and again at the end."""
    readings = Readings(tmp_path_factory.mktemp("often"))
    warehouse = Warehouse(tmp_path_factory.mktemp("warehouse"))
    instants = list(range(START + DAY, END, 3 * DAY))
    readings.read(*instants[:15])
    warehouse.build(readings.book.evidence(), select=SELECTED)
    readings.read(*instants[15:])
    warehouse.build(readings.book.evidence(), command="build", select=SELECTED)
    return readings, warehouse


def rows(warehouse: Warehouse, query: str) -> list[tuple[Any, ...]]:
    return warehouse.rows(query.replace("from ", "from staging.stg_argocd__applications"))


def test_deployments_stay_after_they_have_left_the_history(often: tuple[Readings, Warehouse]) -> None:
    readings, warehouse = often
    found = rows(warehouse, "select application_uid, history_id from __deployments")
    assert len(found) == len(set(found))
    assert set(found) == readings.deployments
    most = rows(
        warehouse, "select count(*) from __deployments group by application_uid order by 1 desc limit 1"
    )
    assert most[0][0] > 2 * HISTORY_LIMIT


def test_operations_show_what_failed_as_far_as_it_was_seen(often: tuple[Readings, Warehouse]) -> None:
    readings, warehouse = often
    found = rows(warehouse, "select application_uid, started_at, status from __operations")
    assert {(uid, at): status for uid, at, status in found} == readings.operations
    assert {"Succeeded", "Failed"} <= set(readings.operations.values())


def test_deployments_have_environment_commit_start_and_end(often: tuple[Readings, Warehouse]) -> None:
    _, warehouse = often
    fold = ArgoFold(COMPANY.company, COMPANY.timeline)
    fold.move_to(END)
    query = (
        "select application_name, environment, status, commit_sha, started_at, finished_at, revisions, "
        "charts, is_automated, cast_loss_count from __deployments "
        "where application_uid = '{uid}' and history_id = {number}"
    )
    for each in fold.applications.values():
        entry = each.history[0]
        (row,) = rows(warehouse, query.format(uid=each.uid, number=entry.number))
        sha, is_multi = entry.operation.commit_sha, each.is_multi_source
        assert row == (
            each.name,
            each.environment,
            "Succeeded",
            sha,
            datetime.fromtimestamp(entry.operation.started_at, UTC),
            datetime.fromtimestamp(entry.finished_at, UTC),
            [CHART_VERSION, sha] if is_multi else [sha],
            ["service"] if is_multi else [],
            each.environment == "staging",
            0,
        )
    assert any(each.is_multi_source for each in fold.applications.values())


def test_applications_are_as_they_were_last_listed(often: tuple[Readings, Warehouse]) -> None:
    readings, warehouse = often
    found = rows(
        warehouse, "select application_uid, destination_namespace, health_status, len(images) from  "
    )
    assert len(found) == len({uid for uid, _ in readings.deployments})
    assert {(namespace, health, images) for _, namespace, health, images in found} <= {
        (namespace, "Healthy", 1) for namespace in ("production", "prod", "staging")
    }


def test_nobody_is_named(often: tuple[Readings, Warehouse]) -> None:
    _, warehouse = often
    actors = {
        each.operation.actor
        for each in SmallArgo(END).app.fold.applications.values()
        if each.operation is not None
    }
    text = str(warehouse.contents())
    assert actors
    assert not [actor for actor in actors if actor in text]


def test_many_small_builds_and_one_large_one_end_in_the_same_rows(
    often: tuple[Readings, Warehouse], tmp_path: Path
) -> None:
    readings, warehouse = often
    whole = Warehouse(tmp_path)
    whole.build(readings.book.evidence(), select=SELECTED)
    assert whole.contents() == warehouse.contents()


def test_models_of_nested_records_are_read_anew_with_their_stream(
    often: tuple[Readings, Warehouse], tmp_path: Path
) -> None:
    readings, _ = often
    warehouse = Warehouse(tmp_path)
    warehouse.build(readings.book.evidence(), select=SELECTED)
    before = warehouse.contents()
    with warehouse.connection() as con:
        con.execute("delete from staging.stg_argocd__applications__deployments where history_id % 2 = 0")
    warehouse.build(readings.book.evidence(), select=SELECTED, sql="2")
    assert warehouse.contents() == before


def test_values_that_cannot_be_read_are_counted_and_broken_pages_set_aside(tmp_path: Path) -> None:
    book, warehouse = EvidenceBook(tmp_path / "book", kinds=KINDS), Warehouse(tmp_path / "warehouse")
    fold = ArgoFold(COMPANY.company, COMPANY.timeline)
    fold.move_to(END)
    application = application_document(random.Random(3).choice(list(fold.applications.values())), now=END)
    application["status"]["history"] = application["status"]["history"][:3]
    application["status"]["history"][0]["deployedAt"] = "yesterday"
    del application["status"]["history"][1]["id"]
    application["status"]["operationState"]["startedAt"] = None
    book.land("applications", "*", {"items": [application]}, b"<html>", {"items": None}, source="argocd")
    warehouse.build(book.evidence(), select=SELECTED)
    assert rows(warehouse, "select cast_loss_count from __deployments order by history_id") == [(1,), (0,)]
    assert rows(warehouse, "select count(*) from __operations") == [(0,)]
    unread = warehouse.rows("select stream, count(*) from raw.unreadable_records group by 1 order by 1")
    assert unread == [
        ("argocd__applications", 1),
        ("argocd__applications__deployments", 1),
        ("argocd__applications__operations", 1),
    ]
