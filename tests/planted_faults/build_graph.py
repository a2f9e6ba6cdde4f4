"""What of a warehouse is made of what: models as dbt compiles them, and the Python steps between them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

import duckdb

from orchestration.steps.commit_graph import write_commit_graph
from tests.parsed import compiled_manifest, compiled_tests

GRAPH_WRITES = ("deployment_commits", "deployment_ancestry", "deployment_differences")
_GRAPH_READS = ("intermediate.int_commits", "intermediate.int_deployments_rolled_out")
Maker = Callable[[duckdb.DuckDBPyConnection], object]


@dataclass(frozen=True, slots=True)
class Made:
    """Tables that are made together.

    Attributes:
        relations: Their names, such as `marts.fct_changes`.
        reads: The relations that they are made of.
        sql: What a model selects; empty of a Python step.
        before: What is run before it, such as the variables of rules.
        is_view: Whether it follows what it reads without being made again.
        make: What makes them, of a Python step.
    """

    relations: tuple[str, ...]
    reads: frozenset[str]
    sql: str = ""
    before: tuple[str, ...] = ()
    is_view: bool = False
    make: Maker | None = None


@dataclass(frozen=True, slots=True)
class DataTest:
    """A test of dbt, as SQL that gives the rows that must not be."""

    name: str
    reads: frozenset[str]
    sql: str


@cache
def made_relations() -> tuple[Made, ...]:
    """Return everything between raw pages and marts, in an order in which it can be made."""
    graph = Made(
        tuple(f"computed.{name}" for name in GRAPH_WRITES), frozenset(_GRAPH_READS), make=write_commit_graph
    )
    made = [*_models(), graph]
    maker_of = {relation: each for each in made for relation in each.relations}
    order = TopologicalSorter(
        {each: {maker_of[relation] for relation in each.reads if relation in maker_of} for each in made}
    )
    return tuple(order.static_order())


@cache
def data_tests() -> tuple[DataTest, ...]:
    """Return the tests that stop a build when they find something."""
    manifest = compiled_tests()
    return tuple(
        DataTest(node["name"], frozenset(_reads(manifest, node)), node["compiled_code"])
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node["config"]["severity"].lower() == "error"
    )


def maker(relation: str) -> Made:
    """Return what makes a relation."""
    return next(each for each in made_relations() if relation in each.relations)


def _models() -> Iterator[Made]:
    manifest = compiled_manifest()
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model":
            yield Made(
                (f"{node['schema']}.{node['alias']}",),
                frozenset(_reads(manifest, node)),
                node["compiled_code"],
                tuple(_rule_variables(node)),
                is_view=node["config"]["materialized"] == "view",
            )


def _rule_variables(node: Mapping[str, Any]) -> Iterator[str]:
    """The variables that staging models of free text set before they run."""
    hooks = " ".join(hook["sql"] for hook in node["config"]["pre-hook"])
    names = hooks[hooks.index("[") + 1 : hooks.index("]")] if "set_rule_variables" in hooks else ""
    for name in filter(None, (part.strip(" '\"") for part in names.split(","))):
        yield f"set variable {name} = (select {name} from config.rules)"


def _reads(manifest: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[str]:
    for key in node["depends_on"]["nodes"]:
        of = manifest["nodes"].get(key) or manifest["sources"].get(key)
        if of is not None:
            yield f"{of['schema']}.{of.get('identifier') or of['alias']}"
