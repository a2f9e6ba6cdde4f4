"""The project itself: every node declares its track, every hook was read, and no metric has a way in."""

from __future__ import annotations

import time
from typing import Any

import duckdb
import pytest

from lineage.tracks import read_catalog, track_crossings, unreviewed_sql
from lineage.tracks.project import Project, track_of
from lineage.tracks.reading import read_sql
from orchestration.tracks import load_reviewed
from quality_checks.track_wall import check_tracks, track_declarations
from tests.parsed import compiled_manifest


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    return compiled_manifest()


def test_every_model_and_source_declares_its_track(manifest: dict[str, Any]) -> None:
    nodes = Project(manifest).nodes
    assert len(nodes) > 400
    assert [name for name, node in nodes.items() if track_of(node) is None] == []
    developmental = [name for name, node in nodes.items() if track_of(node) == "developmental"]
    assert developmental
    assert all(name.startswith("source.assay.developmental.") for name in developmental)


def test_every_model_has_a_group_and_both_groups_have_an_owner(manifest: dict[str, Any]) -> None:
    models = [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]
    assert {node["config"]["group"] for node in models} == {"delivery"}
    owners = {group["name"]: group["owner"]["name"] for group in manifest["groups"].values()}
    assert owners == {"delivery": "delivery-metrics", "developmental": "people-development"}


def test_all_sql_beside_models_was_read_as_it_stands(manifest: dict[str, Any]) -> None:
    assert {pin.template: pin.sha256 for pin in load_reviewed()} == unreviewed_sql(manifest)
    assert all(pin.reason for pin in load_reviewed())


def test_no_metric_has_a_way_in_and_the_scan_takes_seconds(manifest: dict[str, Any]) -> None:
    with duckdb.connect() as con:
        catalog = read_catalog(con)
    read_sql.cache_clear()
    begun = time.process_time()
    found = track_crossings(manifest, catalog, reviewed=load_reviewed())
    assert time.process_time() - begun < 10
    assert len(found) == len(manifest["metrics"])
    assert {metric: ways for metric, ways in found.items() if ways} == {}
    begun = time.process_time()
    track_crossings(manifest, catalog, reviewed=load_reviewed())
    assert time.process_time() - begun < 2


def test_without_the_reviews_every_metric_closes(manifest: dict[str, Any]) -> None:
    with duckdb.connect() as con:
        found = track_crossings(manifest, read_catalog(con))
    assert all("unreviewed_sql" in {each.way for each in ways} for ways in found.values())


def test_a_planted_source_turns_the_check_red(manifest: dict[str, Any]) -> None:
    node = dict(manifest["nodes"]["model.assay.fct_deployments"])
    pieces = "source.assay.developmental.pieces"
    node["depends_on"] = {**node["depends_on"], "nodes": [*node["depends_on"]["nodes"], pieces]}
    planted = {**manifest, "nodes": {**manifest["nodes"], "model.assay.fct_deployments": node}}
    with duckdb.connect() as con:
        found = track_crossings(planted, read_catalog(con), reviewed=load_reviewed())
    feedback, participation = check_tracks(found)
    assert (feedback.is_passed, participation.is_passed) == (False, True)
    assert feedback.is_blocking
    assert any("fct_deployments < developmental.pieces" in offender for offender in feedback.offenders)


def test_the_checks_tell_feedback_from_participation_and_nothing_from_all_is_well() -> None:
    class Way:
        way = "incident_participation"
        sentence = "a < b"

    assert [result.is_passed for result in check_tracks({"a": ()})] == [True, True]
    assert [result.is_passed for result in check_tracks({"a": (Way(),)})] == [True, False]
    assert [result.is_passed for result in check_tracks({})] == [False, False]
    names = [declared.name for declared in track_declarations()]
    assert [result.name for result in check_tracks({})] == names
