"""The graph of dbt models: what lies downstream of a source, and what must wait for the commit graph.

Selections are made here by walking the manifest and handed to dbt by name, so that no selector syntax decides
what is rebuilt, and a test runs exactly when everything that it reads has been built.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

GRAPH_TABLES = ("computed.deployment_commits", "computed.deployment_ancestry")


@dataclass(frozen=True)
class ModelGraph:
    """A parsed manifest, as far as building needs it."""

    manifest: Mapping[str, Any]

    @cached_property
    def models(self) -> dict[str, Mapping[str, Any]]:
        """Every enabled model by its unique id."""
        return {key: node for key, node in self.manifest["nodes"].items() if node["resource_type"] == "model"}

    @cached_property
    def tests(self) -> dict[str, Mapping[str, Any]]:
        """Every data test by its unique id."""
        return {key: node for key, node in self.manifest["nodes"].items() if node["resource_type"] == "test"}

    @cached_property
    def unit_tests(self) -> dict[str, Mapping[str, Any]]:
        """Every unit test by its unique id."""
        return dict(self.manifest.get("unit_tests", {}))

    @cached_property
    def sources(self) -> dict[str, str]:
        """Unique ids of the source tables by `source.table`."""
        sources = self.manifest["sources"]
        return {f"{node['source_name']}.{node['name']}": key for key, node in sources.items()}

    @cached_property
    def in_order(self) -> list[str]:
        """Every model after those that it reads."""
        reads = {
            key: {parent for parent in node["depends_on"]["nodes"] if parent in self.models}
            for key, node in sorted(self.models.items())
        }
        return list(TopologicalSorter(reads).static_order())

    @cached_property
    def contracts(self) -> dict[str, dict[str, str]]:
        """Types by name of the columns, for each model whose contract states them all."""
        stated = {
            str(node["name"]): {
                str(name): str(column.get("data_type") or "") for name, column in node["columns"].items()
            }
            for node in self.models.values()
            if node["config"].get("contract", {}).get("enforced")
        }
        return {name: types for name, types in stated.items() if types and all(types.values())}

    def downstream_of(self, tables: Iterable[str]) -> frozenset[str]:
        """Return the models that read one of these source tables, directly or through others."""
        children: Mapping[str, list[str]] = self.manifest["child_map"]
        waiting = [self.sources[table] for table in tables if table in self.sources]
        reached: set[str] = set()
        while waiting:
            for child in children.get(waiting.pop(), []):
                if child in self.models and child not in reached:
                    reached.add(child)
                    waiting.append(child)
        return frozenset(reached)

    @cached_property
    def after_graph(self) -> frozenset[str]:
        """Models that need the commit graph's results."""
        return self.downstream_of(GRAPH_TABLES)

    @cached_property
    def before_graph(self) -> frozenset[str]:
        """Models that the commit graph may read: all the others."""
        return frozenset(self.models) - self.after_graph

    def names(self, models: Iterable[str], *, built: Iterable[str]) -> list[str]:
        """Return the selectors for models and for the tests that can run once they are built.

        Args:
            models: What is built now.
            built: What stands built already, from this run or an earlier one.
        """
        chosen = frozenset(models)
        available = chosen | frozenset(built)
        picked = [_selector(self.models[key]) for key in sorted(chosen)]
        for key, test in sorted(self.tests.items()):
            parents = {parent for parent in test["depends_on"]["nodes"] if parent in self.models}
            if parents & chosen and parents <= available:
                picked.append(_selector(self.tests[key]))
        return picked


def _selector(node: Mapping[str, Any]) -> str:
    return ".".join(node["fqn"])
