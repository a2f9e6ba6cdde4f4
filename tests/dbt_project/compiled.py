"""The project's SQL as dbt compiles it, to be run on a warehouse in memory."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter

from tests.parsed import compiled_manifest, compiled_tests

ABOVE_STAGING = ("intermediate", "marts")


@dataclass(frozen=True, slots=True)
class Model:
    """One model's compiled SQL."""

    name: str
    schema: str
    sql: str
    is_before_graph: bool


@cache
def compiled_models() -> tuple[Model, ...]:
    """Return the intermediate models, the profiles and the marts in an order that can be built."""
    nodes = {
        key: node
        for key, node in compiled_manifest()["nodes"].items()
        if node["resource_type"] == "model" and node["schema"] in ABOVE_STAGING
    }
    order = TopologicalSorter(
        {key: nodes.keys() & node["depends_on"]["nodes"] for key, node in nodes.items()}
    )
    return tuple(
        Model(
            name=nodes[key]["name"],
            schema=nodes[key]["schema"],
            sql=nodes[key]["compiled_code"],
            is_before_graph="before_graph" in nodes[key]["tags"],
        )
        for key in order.static_order()
    )


@dataclass(frozen=True, slots=True)
class Check:
    """A dbt test of a model, as SQL that gives the rows that must not be."""

    name: str
    sql: str


@cache
def compiled_checks() -> Mapping[str, tuple[Check, ...]]:
    """Return the tests that stop a build when they find something, by the model that they are of."""
    found = defaultdict(list)
    for node in compiled_tests()["nodes"].values():
        if node["resource_type"] == "test" and node["config"]["severity"].lower() == "error":
            model = (node["attached_node"] or "").rpartition(".")[2]
            found[model].append(Check(node["name"], node["compiled_code"]))
    return {model: tuple(checks) for model, checks in found.items()}
