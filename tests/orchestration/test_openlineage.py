"""The events of a run, made of what dbt says of its nodes and of the stored lineage."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from openlineage.client.serde import Serde
from pydantic import ValidationError

from lineage.columns import ColumnEdge, Kind
from lineage.openlineage import EventMaker, EventPost, PostRefusedError, RunStep
from orchestration.assets.streams import stream_assets
from orchestration.assets.workspace import workspace_resource
from orchestration.dbt_runner import NodeOutcome
from orchestration.openlineage.describing import HeardOutcome, StoredLineage, run_steps
from orchestration.openlineage.emission import KEPT_FILES, open_delivery
from orchestration.settings import Settings
from orchestration.settings.openlineage import OpenLineage
from orchestration.workspace import Workspace
from tests.lineage.openlineage.schema_checks import problems

AT = datetime(2026, 5, 4, 12, 30, tzinfo=UTC)
MODEL, TEST, SOURCE = "model.assay.stg", "test.assay.not_null", "source.assay.raw.github__commits__new"
MANIFEST: dict[str, Any] = {
    "groups": {"group.assay.delivery": {"name": "delivery", "owner": {"name": "delivery-metrics"}}},
    "sources": {
        SOURCE: {
            "name": "github__commits__new",
            "identifier": "github__commits__new",
            "schema": "raw",
            "database": "assay",
            "columns": {},
            "description": "New pages.",
        }
    },
    "nodes": {
        MODEL: {
            "name": "stg",
            "alias": "stg",
            "schema": "staging",
            "database": "assay",
            "group": "delivery",
            "columns": {"sha": {"data_type": "varchar"}},
            "description": "One row per commit.",
            "compiled_code": "select 1 as sha",
            "depends_on": {"nodes": [SOURCE]},
        },
        TEST: {
            "name": "not_null_stg_sha",
            "attached_node": MODEL,
            "column_name": "sha",
            "test_metadata": {"name": "not_null"},
            "config": {"severity": "ERROR"},
        },
    },
}
EDGE = ColumnEdge("sha", "github.commits", "body", "$[*].sha", Kind.IDENTITY)
STORED = StoredLineage({"staging.stg": {"sha": "VARCHAR"}}, {"staging.stg": (EDGE,)})
BUILT = NodeOutcome(MODEL, "stg", "model", "success", 2.0, 7, None, "OK")
TESTED = NodeOutcome(TEST, "not_null_stg_sha", "test", "fail", 0.5, None, 3, "Got 3 results")


def steps(*outcomes: NodeOutcome) -> list[RunStep]:
    heard = [HeardOutcome(each, AT, AT + timedelta(seconds=each.seconds)) for each in outcomes]
    return list(run_steps(heard, MANIFEST, STORED))


def events(step: RunStep) -> list[dict[str, Any]]:
    maker = EventMaker(
        "acme", "0b8f6f0e-6a51-4f3e-9f0e-2f6f1f4f5a11", version="0.1.0", engine_version="1.5.5"
    )
    return [Serde.to_dict(event) for event in maker.step_events(step)]


def test_a_built_model_tells_its_inputs_its_columns_and_its_owner() -> None:
    (step,) = steps(BUILT)
    start, end = events(step)
    assert (start["eventType"], end["eventType"]) == ("START", "COMPLETE")
    assert end["job"]["name"] == "staging.stg"
    assert end["job"]["facets"]["ownership"]["owners"][0]["name"] == "team:delivery-metrics"
    assert [each["name"] for each in end["inputs"]] == ["github.commits"]
    (output,) = end["outputs"]
    assert output["facets"]["columnLineage"]["fields"]["sha"]["inputFields"][0]["field"] == "body:$[*].sha"
    assert output["outputFacets"]["outputStatistics"]["rowCount"] == 7
    assert problems(start) + problems(end) == []


def test_a_failed_model_tells_so_without_the_words_of_its_message() -> None:
    (step,) = steps(replace(BUILT, status="error", message="Could not convert 'Jane Doe' to INT64"))
    _, end = events(step)
    assert end["eventType"] == "FAIL"
    assert end["outputs"] == []
    assert "Jane" not in json.dumps(end)
    assert problems(end) == []


def test_a_skipped_model_has_no_events() -> None:
    assert steps(replace(BUILT, status="skipped")) == []


def test_tests_are_assertions_about_the_model_that_they_read() -> None:
    *_, step = steps(BUILT, TESTED)
    _, end = events(step)
    assert end["job"]["name"] == "staging.stg.tests"
    (assertion,) = end["inputs"][0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    wanted = {"assertion": "not_null", "success": False, "column": "sha", "severity": "error"}
    assert wanted.items() <= assertion.items()
    assert problems(end) == []


def settings(**openlineage: str) -> Settings:
    document = {"organisation": "acme", "sources": [{"name": "git", "kind": "git", "repositories": []}]}
    return Settings.model_construct(**document, openlineage=OpenLineage(**openlineage))  # type: ignore[arg-type]


def test_each_run_has_a_file_and_the_oldest_files_go(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.openlineage.mkdir(parents=True)
    for number in range(KEPT_FILES + 5):
        (workspace.openlineage / f"20200101T000000Z-{number:08}.jsonl").touch()
    delivery = open_delivery(workspace, settings(), "0b8f6f0e-6a51", {})
    assert delivery is not None
    maker = EventMaker("acme", "0b8f6f0e-6a51-4f3e-9f0e-2f6f1f4f5a11", version="0", engine_version="1")
    delivery.send(maker.run_started(AT))
    kept = sorted(path.name for path in workspace.openlineage.iterdir())
    assert len(kept) == KEPT_FILES
    assert kept[-1].endswith("-0b8f6f0e.jsonl")


def test_no_events_are_wanted(tmp_path: Path) -> None:
    assert open_delivery(Workspace(tmp_path), settings(transport="none"), "1", {}) is None


def test_an_endpoint_gets_the_key_of_its_variable(tmp_path: Path) -> None:
    wanted = settings(transport="http", url="http://127.0.0.1:9", api_key_variable="LINEAGE_KEY")
    with pytest.raises(ValueError, match="LINEAGE_KEY with the endpoint's key is empty"):
        open_delivery(Workspace(tmp_path), wanted, "1", {})
    delivery = open_delivery(Workspace(tmp_path), wanted, "1", {"LINEAGE_KEY": "planted-key"})
    assert isinstance(delivery, EventPost)
    assert delivery.close(wait_seconds=5) is None


def test_a_key_needs_tls(tmp_path: Path) -> None:
    wanted = settings(transport="http", url="http://lineage.example.org", api_key_variable="LINEAGE_KEY")
    with pytest.raises(PostRefusedError):
        open_delivery(Workspace(tmp_path), wanted, "1", {"LINEAGE_KEY": "planted-key"})


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"transport": "http"}, "needs a url"),
        ({"url": "https://lineage.example.org"}, "belong to transport: http"),
        ({"transport": "kafka"}, "Input should be"),
        ({"transport": "http", "url": "https://user:secret@lineage.example.org"}, "credential"),
    ],
)
def test_wrong_settings_are_refused(given: dict[str, str], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        OpenLineage(**given)  # type: ignore[arg-type]


FETCHING = """
organisation: acme
sources: [{name: git, kind: git, repositories: [{name: acme/shop, path: shop}]}]
services: [{name: shop, repository: acme/shop}]
deployments: {from: tags}
"""


def run_of_dagster(workspace: Workspace) -> tuple[str, list[dict[str, Any]]]:
    """What a schedule or the UI starts: nobody has opened the workspace before. Returns its id and events."""
    result = dg.materialize(
        stream_assets(workspace.settings(), first_wait_seconds=0.0),
        resources={"workspace": workspace_resource(workspace)},
        raise_on_error=False,
    )
    (file,) = workspace.openlineage.glob(f"*-{result.run_id[:8]}.jsonl")
    return result.run_id, [json.loads(line) for line in file.read_text().splitlines()]


def test_a_run_that_dagster_starts_tells_its_beginning_and_its_end(
    make_workspace: Callable[..., Workspace],
) -> None:
    """Only `assay run` told: schedules and runs of the UI left no event."""
    workspace = make_workspace(FETCHING)
    run_id, events_of_failed = run_of_dagster(workspace)
    assert [each["eventType"] for each in events_of_failed] == ["START", "FAIL"]
    assert {each["run"]["runId"] for each in events_of_failed} == {run_id}
    assert "SourceFailedError" in json.dumps(events_of_failed[-1])
    for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.invalid"]
        subprocess.run(["git", "-C", str(workspace.root / "shop"), *who, *arguments], check=True, timeout=60)
    _, events_of_good = run_of_dagster(workspace)
    assert [each["eventType"] for each in events_of_good] == ["START", "COMPLETE"]
    assert [found for each in events_of_failed + events_of_good for found in problems(each)] == []
