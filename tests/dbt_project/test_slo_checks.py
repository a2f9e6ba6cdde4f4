"""The data tests of service levels: quiet over a sound warehouse, each red over its planted fault."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from orchestration.slos.definitions import Role, Signal
from tests.dbt_project.slo_stories import (
    HOUR,
    OF_OBJECTIVES,
    START,
    SloStory,
    models_of_objectives,
    objective,
)
from tests.dbt_project.stories import Told
from tests.parsed import compiled_manifest

FAULTS = {
    "slices_tell_good_and_bad_apart": "bad_count = bad_count + 1",
    "slices_spend_what_they_count": "spent_units = counted_units + 1",
    "gaps_know_no_counts": "state = 'gap'",
    "empty_slices_are_slices": "gap_slice_count = slice_count + 1",
    "windows_end_after_they_start": "window_ends_at = window_starts_at",
    "attainment_is_a_share": "attainment_ratio = 1.1",
    "budget_left_is_what_is_not_spent": "budget_left_units = budget_left_units + 1",
    "what_counts_nothing_is_neither_met_nor_missed": "is_met = null",
    "alerts_end_after_they_start": "is_open = not is_open",
}
"""What to do to the table of a rule, by the name of the rule."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A data test, and a fault that it exists for.

    Attributes:
        name: What the test is called.
        relation: Its table.
        query: Its query: every row is a failure.
        fault: A statement that plants the fault.
    """

    name: str
    relation: str
    query: str
    fault: str


def checks_of_objectives() -> list[dict[str, Any]]:
    """The nodes of every data test of a model of service levels."""
    nodes = compiled_manifest()["nodes"]
    return [
        {**node, "model": nodes[node["attached_node"]]}
        for _, node in sorted(nodes.items())
        if node["resource_type"] == "test"
        and nodes.get(node.get("attached_node"), {}).get("name", "").startswith(OF_OBJECTIVES)
    ]


def planted() -> Iterator[Planted]:
    """Every test with each of its faults."""
    for node in checks_of_objectives():
        model = node["model"]
        relation = f"{model['schema']}.{model['name']}"
        for fault in _faults(node, relation):
            yield Planted(node["name"], relation, node["compiled_code"], fault)


def _faults(node: dict[str, Any], relation: str) -> Iterator[str]:
    given, column = node["test_metadata"]["kwargs"], node["column_name"]
    match node["test_metadata"]["name"]:
        case "unique" | "unique_together":
            yield f"insert into {relation} select * from kept limit 1"
            for key in given.get("columns", []):
                yield f"update {relation} set {key} = null"
        case "not_null":
            yield f"update {relation} set {column} = null"
        case "accepted_values":
            yield f"update {relation} set {column} = 'nonsense'"
        case "no_rows_where":
            yield f"update {relation} set {FAULTS[node['name']]}"
        case kind:
            raise AssertionError(f"no fault is planted for tests of kind {kind}")


@pytest.fixture(scope="module")
def told() -> Told:
    """Requests in Prometheus that fail for hours, with a gap, and the history of an objective at Datadog."""
    roles: tuple[Role, ...] = ("good", "total")
    signals = tuple(Signal(role, "datadog", "dog", "abc") for role in roles)
    at_datadog = objective(slo_id="up", objective_id="up", slice_seconds=HOUR)
    story = SloStory([objective("bad", "total"), replace(at_datadog, signals=signals)])
    story.counter("total", [100] * 600)
    story.counter("bad", [0] * 300 + [50] * 300)
    story.counter("total", [5] * 60, start=START + timedelta(hours=11))
    hours = [int((START + timedelta(hours=hour)).timestamp()) * 1000 for hour in range(3)]
    until = START + timedelta(hours=3)
    story.history("abc", until=until, slice_starts=hours, good_counts=[9, 10, 10], total_counts=[10, 10, 10])
    story.owner(["basket", "commerce"])
    return story.build()


def test_every_rule_has_a_fault_that_is_planted() -> None:
    rules = [node for node in checks_of_objectives() if node["test_metadata"]["name"] == "no_rows_where"]
    assert {node["name"] for node in rules} == set(FAULTS)


def test_every_model_of_objectives_has_a_test_of_its_key() -> None:
    keys = [node for node in checks_of_objectives() if node["test_metadata"]["name"].startswith("unique")]
    assert {node["model"]["name"] for node in keys} == {model.name for model in models_of_objectives()}


def test_a_planted_fault_is_found_and_nothing_else(told: Told) -> None:
    missed = []
    for each in planted():
        told.con.execute(f"create or replace temp table kept as from {each.relation}")
        assert told.rows("select 1 from kept limit 1"), f"{each.relation} is empty"
        assert told.rows(each.query) == [], each.name
        told.con.execute(each.fault)
        if not told.rows(each.query):
            missed.append((each.name, each.fault))
        told.con.execute(f"delete from {each.relation}")
        told.con.execute(f"insert into {each.relation} from kept")
    assert missed == []
