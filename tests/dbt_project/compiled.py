"""The project's SQL as dbt compiles it, to be run on a warehouse in memory."""

from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter

from tests.parsed import compiled_manifest

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
