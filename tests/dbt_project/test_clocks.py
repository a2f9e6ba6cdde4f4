"""Whose clock a fact's times are: every column that a metric tells time by says it."""

import re
from typing import Any

from orchestration.flow.gate_inputs import column_clocks
from tests.parsed import compiled_manifest

CLOCK = re.compile(r"server|author|people|none|author where (\w+)")
QUANTILES = ("median", "percentile")


def facts() -> dict[str, dict[str, Any]]:
    return {
        node["name"]: node
        for node in compiled_manifest()["nodes"].values()
        if node["resource_type"] == "model" and node["name"].startswith("fct_")
    }


def test_a_clock_is_one_that_the_gate_knows_and_its_flag_is_a_column() -> None:
    clocks = column_clocks(compiled_manifest())
    assert clocks["marts.fct_changes.lead_time_seconds"] == "author where is_committed_at_author_settable"
    for place, clock in clocks.items():
        found = CLOCK.fullmatch(clock)
        assert found, place
        if found[1]:
            column = facts()[place.split(".")[1]]["columns"][found[1]]
            assert column["data_type"] == "boolean", place


def test_every_column_that_a_metric_tells_time_by_has_a_clock() -> None:
    clocks = column_clocks(compiled_manifest())
    undeclared = set()
    for model in compiled_manifest()["semantic_models"].values():
        relation = f"{model['node_relation']['schema_name']}.{model['node_relation']['alias']}"
        expressions = {one["name"]: one["expr"] or one["name"] for one in model["dimensions"]}
        for measure in model["measures"]:
            event = measure["agg_time_dimension"] or model["defaults"]["agg_time_dimension"]
            told = [expressions[event]] + ([measure["expr"]] if measure["agg"] in QUANTILES else [])
            undeclared |= {f"{relation}.{name}" for name in told} - clocks.keys()
    assert undeclared == set()
