"""What of a dbt manifest gives a metric its meaning: upstream, canonical SQL, settings, contracts."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from lineage.canonical_python import python_parts
from lineage.canonical_sql import canonical_sql
from lineage.cell_slices import CellSlice, slice_by_metric
from lineage.errors import DefinitionError

_PARTS_OF_NAME = 2
_MODELS = {"model", "snapshot"}
_INCREMENTAL = ("unique_key", "incremental_strategy")
_HOOKS = ("pre-hook", "post-hook")


class ModelReader:
    """Reads a manifest of compiled models.

    Args:
        manifest: dbt's `manifest.json`.
    """

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._nodes: Mapping[str, Any] = {**manifest.get("nodes", {}), **manifest.get("sources", {})}
        self._by_relation = {
            self.relation(unique_id): unique_id
            for unique_id, node in self._nodes.items()
            if node.get("resource_type") in {*_MODELS, "seed", "source"}
        }

    def relation(self, unique_id: str) -> str:
        """Return a node's `schema.table`."""
        node = self._nodes[unique_id]
        return f"{node['schema']}.{node.get('alias') or node.get('identifier') or node['name']}"

    def table(self, unique_id: str) -> str:
        """Return a source's name as models call it, `config.rules`; a model's relation."""
        node = self._nodes[unique_id]
        return f"{node['source_name']}.{node['name']}" if "source_name" in node else self.relation(unique_id)

    def present(self, relations: Iterable[str]) -> tuple[str, ...]:
        """Return those of the relations that the project has."""
        return tuple(relation for relation in relations if relation in self._by_relation)

    def closure(self, relations: Sequence[str], *, leaving_out: Collection[str]) -> list[str]:
        """Return the ids of the relations and of everything upstream of them, sorted.

        Args:
            relations: as `schema.table`.
            leaving_out: names of models that enumerate all metrics: one metric's formula must not change
                another's hash, so whoever asks takes the metric's own part of them.

        Raises:
            DefinitionError: a relation is no model, or a parent is missing.
        """
        pending = [self._id_of(relation) for relation in relations]
        seen: set[str] = set()
        while pending:
            unique_id = pending.pop()
            if unique_id in seen or self._nodes[unique_id].get("name") in leaving_out:
                continue
            seen.add(unique_id)
            pending.extend(self._upstream(unique_id))
        return sorted(seen)

    def slices(self, model: str, metrics: Collection[str]) -> dict[str, CellSlice]:
        """Return the metrics' own parts of a model that computes all; the whole model where it has none.

        Raises:
            DefinitionError: the model has no compiled SQL.
        """
        found = [key for key, node in self._nodes.items() if node.get("name") == model and self.is_model(key)]
        if not found:
            return {}
        slices = _slices(self._compiled(found[0]))
        if not set(metrics) <= set(slices):
            return {model: CellSlice(self.sql(found[0]), ())}
        return {metric: slices[metric] for metric in sorted(metrics)}

    def is_model(self, unique_id: str) -> bool:
        """Whether the node has SQL of its own."""
        return self._nodes[unique_id].get("resource_type") in _MODELS

    def sql(self, unique_id: str) -> str:
        """Return a model's canonical text: its SQL, or the hashes of its parts where it is Python.

        Raises:
            DefinitionError: the manifest is not of a compilation.
        """
        compiled = self._compiled(unique_id)
        if self._nodes[unique_id].get("language") == "python":
            parts = python_parts(compiled, name=unique_id)
            return "python:\n" + "\n".join(f"{name} {digest}" for name, digest in parts.items())
        return _canonical(compiled)

    def settings(self, unique_id: str) -> dict[str, Any]:
        """Return what else decides a model's rows: keys, hooks, and the types that a contract enforces."""
        node = self._nodes[unique_id]
        config: Mapping[str, Any] = node.get("config") or {}
        found: dict[str, Any] = {name: config[name] for name in _INCREMENTAL if config.get(name)}
        for name in _HOOKS:
            hooks = [
                hook.get("sql", "") if isinstance(hook, dict) else str(hook)
                for hook in config.get(name) or ()
            ]
            if hooks:
                found[name] = [canonical_sql(hook) for hook in hooks]
        if (config.get("contract") or {}).get("enforced"):
            found["types"] = self._types(node)
        return found

    def contract(self, unique_id: str) -> dict[str, Any]:
        """Return what is promised of a source: its name, and its columns with their types."""
        node = self._nodes[unique_id]
        kind = str(node.get("resource_type"))
        checksum = {"sha256": (node.get("checksum") or {}).get("checksum")} if kind == "seed" else {}
        return {"kind": kind, "columns": self._types(node), **checksum}

    @staticmethod
    def _types(node: Mapping[str, Any]) -> dict[str, str]:
        return {
            name.lower(): str(column.get("data_type") or "").lower()
            for name, column in (node.get("columns") or {}).items()
        }

    def _compiled(self, unique_id: str) -> str:
        compiled = self._nodes[unique_id].get("compiled_code")
        if not compiled:
            raise DefinitionError(f"{unique_id} has no compiled SQL; compile the whole project first")
        return str(compiled)

    def _id_of(self, relation: str) -> str:
        parts = relation.replace('"', "").split(".")
        unique_id = self._by_relation.get(".".join(parts[-_PARTS_OF_NAME:]))
        if unique_id is None:
            raise DefinitionError(f"{relation} is no model of the project; mend the metric's fact_relation")
        return unique_id

    def _upstream(self, unique_id: str) -> Iterator[str]:
        for parent in (self._nodes[unique_id].get("depends_on") or {}).get("nodes", ()):
            if parent not in self._nodes:
                raise DefinitionError(f"{unique_id} depends on {parent}, which the manifest does not hold")
            yield parent


@cache
def _canonical(sql: str) -> str:
    return canonical_sql(sql)


@cache
def _slices(sql: str) -> Mapping[str, CellSlice]:
    return slice_by_metric(sql)
