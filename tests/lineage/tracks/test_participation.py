"""Taking part in an incident enters no person's number: the project, and faults planted in its manifest."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from lineage.tracks.participation import is_person_column, participation_crossings
from tests.parsed import compiled_manifest

TELLING = re.compile(r"incident|on_call|alert|silence|escalation|log_entr|pagerduty_deliver")


@pytest.fixture(scope="module")
def sound() -> dict[str, Any]:
    return compiled_manifest()


@pytest.fixture
def manifest(sound: dict[str, Any]) -> dict[str, Any]:
    return copy.deepcopy(
        {key: sound[key] for key in ("nodes", "sources", "metrics", "semantic_models", "exposures")}
    )


def semantic(manifest: dict[str, Any], name: str) -> dict[str, Any]:
    return dict.__getitem__(manifest["semantic_models"], f"semantic_model.assay.{name}")


def give_person_scope(manifest: dict[str, Any], name: str, column: str = "author_token") -> None:
    semantic(manifest, name)["config"]["meta"]["scope_columns"]["person"] = column


def metrics_crossed(manifest: dict[str, Any]) -> set[str]:
    return {crossing.metric for crossing in participation_crossings(manifest)}


def test_the_project_lets_no_participation_in(sound: dict[str, Any]) -> None:
    assert participation_crossings(sound) == ()


@pytest.mark.parametrize(
    ("name", "metric"),
    [
        ("change_failures", "failed_deployment_recovery_time"),
        ("incident_response", "time_to_acknowledge"),
        ("deployments", "change_fail_rate"),
    ],
)
def test_a_persons_scope_on_anything_that_rests_on_incidents_is_refused(
    name: str, metric: str, manifest: dict[str, Any]
) -> None:
    give_person_scope(manifest, name)
    found = [each for each in participation_crossings(manifest) if each.metric == metric]
    assert found
    assert all(each.way == "incident_participation" for each in found)
    assert any("incident" in step for each in found for step in each.path)


def test_grouping_by_a_person_is_refused_like_a_scope(manifest: dict[str, Any]) -> None:
    semantic(manifest, "incident_response")["dimensions"].append({"name": "commander", "expr": "x"})
    assert "time_to_acknowledge" in metrics_crossed(manifest)


@pytest.mark.parametrize("name", ["reviews", "pull_requests", "changes"])
def test_a_persons_own_work_may_have_a_persons_scope(name: str, manifest: dict[str, Any]) -> None:
    give_person_scope(manifest, name)
    assert metrics_crossed(manifest) == set()


def test_work_items_of_a_person_leave_incidents_out(manifest: dict[str, Any]) -> None:
    give_person_scope(manifest, "issues")
    assert "throughput" in metrics_crossed(manifest)
    kept = " and not {{ Dimension('issue__is_incident') }}"
    for metric in manifest["metrics"].values():
        for one in (metric.get("filter") or {}).get("where_filters") or ():
            one["where_sql_template"] += kept
    assert "throughput" not in metrics_crossed(manifest)
    for metric in manifest["metrics"].values():
        for one in (metric.get("filter") or {}).get("where_filters") or ():
            one["where_sql_template"] += " or true"
    assert "throughput" in metrics_crossed(manifest)


def test_a_published_relation_about_incidents_has_no_column_of_people(manifest: dict[str, Any]) -> None:
    manifest["nodes"]["model.assay.fct_incidents"]["columns"]["responder_token"] = {"name": "responder_token"}
    (crossing, *_) = participation_crossings(manifest)
    assert (crossing.path[0], crossing.found) == ("fct_incidents", "columns responder_token")


def test_whatever_tells_of_incidents_says_so(sound: dict[str, Any]) -> None:
    silent = [
        node["name"]
        for node in sound["nodes"].values()
        if node["resource_type"] == "model"
        and node["schema"] == "staging"
        and TELLING.search(node["name"])
        and node["config"]["meta"].get("concerns") != "incidents"
    ]
    assert silent == []


@pytest.mark.parametrize(
    "name",
    ["author_token", "person_token", "notified_user_token", "assignee", "reviewer_tokens", "login", "email"],
)
def test_a_column_of_people_is_told_by_its_name(name: str) -> None:
    assert is_person_column(name)


@pytest.mark.parametrize("name", ["person_count", "team_id", "service_id", "organisation", "author_count"])
def test_other_columns_are_none_of_people(name: str) -> None:
    assert not is_person_column(name)
