"""A person's own numbers are over changes and pull requests, and nothing of incidents reaches them."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import pytest

from tests.parsed import compiled_manifest

OF_PEOPLE = {"fct_changes", "fct_pull_requests", "fct_pull_request_reviews"}
_OF_TROUBLE = ("incident", "failure", "on_call", "alert", "disposition", "log_entries", "slo_")


def own_facts(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The facts whose semantic models say whose they are."""
    return {
        model["node_relation"]["alias"]: model["config"]["meta"]["own_facts"]
        for model in manifest["semantic_models"].values()
        if model["config"]["meta"].get("own_facts")
    }


def upstream(manifest: Mapping[str, Any], model: str) -> AbstractSet[str]:
    """The names of everything that a model is made of."""
    nodes = {**manifest["nodes"], **manifest["sources"]}
    pending = [next(key for key, node in nodes.items() if node["name"] == model)]
    seen: set[str] = set()
    while pending:
        node = nodes[pending.pop()]
        if node["name"] not in seen:
            seen.add(node["name"])
            pending += (node.get("depends_on") or {}).get("nodes", [])
    return seen


def of_trouble(names: AbstractSet[str]) -> list[str]:
    """Which models tell of incidents, failures, pages or on-call."""
    return sorted(name for name in names if any(word in name for word in _OF_TROUBLE))


def test_a_persons_own_facts_are_changes_and_pull_requests() -> None:
    assert own_facts(compiled_manifest()).keys() == OF_PEOPLE


def test_whose_a_fact_is_stands_in_a_column_of_its_own_that_no_publication_takes() -> None:
    manifest = compiled_manifest()
    columns = {node["name"]: node["columns"] for node in manifest["nodes"].values()}
    for fact, own in own_facts(manifest).items():
        assert own["account"] in columns[fact]
        assert own["account"].endswith("_token")
        assert columns[fact][own["at"]]["data_type"].startswith("timestamp")


@pytest.mark.parametrize("fact", sorted(OF_PEOPLE))
def test_nothing_upstream_of_a_persons_number_tells_of_incidents(fact: str) -> None:
    assert of_trouble(upstream(compiled_manifest(), fact)) == []


@pytest.mark.parametrize("fact", ["fct_deployments", "fct_change_failures", "fct_incident_response"])
def test_where_incidents_are_upstream_it_is_seen(fact: str) -> None:
    assert of_trouble(upstream(compiled_manifest(), fact))
