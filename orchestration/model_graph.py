"""The graph of dbt models: what lies downstream of a source, and what must wait for the commit graph.

Selections are made here by walking the manifest and handed to dbt by name, so that no selector syntax decides
what is rebuilt, and a test runs exactly when everything that it reads has been built.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from graphlib import TopologicalSorter
from typing import Any

from orchestration.selection import Selection, shortest_selection

GRAPH_TABLES = (
    "computed.deployment_commits",
    "computed.deployment_ancestry",
    "computed.deployment_differences",
)


@dataclass(frozen=True)
class ModelGraph:
    """A parsed manifest, as far as building needs it.

    Attributes:
        manifest: The manifest.
        absent_kinds: Kinds of source that the workspace does not have. Their staging models are no part of
            what is built, tested or shown; their tables are made empty.
    """

    manifest: Mapping[str, Any]
    absent_kinds: frozenset[str] = frozenset()

    @cached_property
    def models(self) -> dict[str, Mapping[str, Any]]:
        """Every enabled model by its unique id, without those of absent kinds."""
        return {key: node for key, node in self._all_models.items() if not self._is_absent(node)}

    @cached_property
    def empty_tables(self) -> dict[str, dict[str, str]]:
        """Types by name of the columns, for the staging models of absent kinds."""
        absent = (node for node in self._all_models.values() if self._is_absent(node))
        return {str(node["name"]): _contract(node) for node in absent}

    @cached_property
    def tests(self) -> dict[str, Mapping[str, Any]]:
        """Every data test by its unique id, without those that test models of absent kinds alone."""
        return {
            key: node
            for key, node in self.manifest["nodes"].items()
            if node["resource_type"] == "test" and not self._tests_absent(node)
        }

    @cached_property
    def unit_tests(self) -> dict[str, Mapping[str, Any]]:
        """Every unit test by its unique id."""
        return dict(self.manifest.get("unit_tests", {}))

    @cached_property
    def sources(self) -> dict[str, str]:
        """Unique ids of the source tables by `source.table`, without those of absent kinds."""
        absent = tuple(f"raw.{kind}__" for kind in self.absent_kinds)
        return {name: key for name, key in self._all_sources.items() if not name.startswith(absent)}

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
        stated = {str(node["name"]): _contract(node) for node in self.models.values()}
        return {name: types for name, types in stated.items() if types}

    @cached_property
    def _all_models(self) -> dict[str, Mapping[str, Any]]:
        return {key: node for key, node in self.manifest["nodes"].items() if node["resource_type"] == "model"}

    @cached_property
    def _all_sources(self) -> dict[str, str]:
        sources = self.manifest["sources"]
        return {f"{node['source_name']}.{node['name']}": key for key, node in sources.items()}

    def _tests_absent(self, test: Mapping[str, Any]) -> bool:
        tested = [key for key in test["depends_on"]["nodes"] if key in self._all_models]
        return bool(tested) and not any(key in self.models for key in tested)

    def _is_absent(self, node: Mapping[str, Any]) -> bool:
        """Whether a model stages a kind that the workspace does not have; its contract stands for it."""
        _, *folders, _ = node["fqn"]
        is_of_absent = len(folders) > 1 and folders[0] == "staging" and folders[1] in self.absent_kinds
        return is_of_absent and bool(_contract(node))

    def downstream_of(self, tables: Iterable[str]) -> frozenset[str]:
        """Return the models that read one of these source tables, directly or through others.

        A kind that has just left the workspace is news too: what reads its models does.
        """
        children: Mapping[str, list[str]] = self.manifest["child_map"]
        waiting = [self._all_sources[table] for table in tables if table in self._all_sources]
        reached: set[str] = set()
        while waiting:
            for child in children.get(waiting.pop(), []):
                if child in self._all_models and child not in reached:
                    reached.add(child)
                    waiting.append(child)
        return frozenset(reached & self.models.keys())

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

    def selection(self, names: Iterable[str]) -> Selection:
        """Return the short way to select the same nodes as these names do.

        dbt compares each selector with each node, so a thousand names take it seconds.

        Args:
            names: Fully qualified names, as `names` returns them.
        """
        kinds = ("nodes", "unit_tests", "saved_queries", "functions")
        every = (node for kind in kinds for node in self.manifest.get(kind, {}).values())
        return shortest_selection(chosen=names, every=map(_selector, every))


def _contract(node: Mapping[str, Any]) -> dict[str, str]:
    """Types by name of a model's columns; empty unless its contract states them all."""
    if not node["config"].get("contract", {}).get("enforced"):
        return {}
    types = {str(name): str(column.get("data_type") or "") for name, column in node["columns"].items()}
    return types if all(types.values()) else {}


def _selector(node: Mapping[str, Any]) -> str:
    return ".".join(node["fqn"])
