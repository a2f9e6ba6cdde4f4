"""Definition hashes: what a metric means, as one value that people can sign.

The hash covers the metric's own definition, the canonical SQL of every model upstream of its fact, the
contracts of the sources they read, and the parameters of the workspace. Formatting and comments do not change
it, a predicate does. Versions of software are not part of it: they belong to the environment.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import duckdb

from lineage.canonical_sql import canonical_sql
from lineage.errors import DefinitionError
from lineage.ledger import canonical_json

_WORDS = (  # they explain; changing them changes no number
    *("title", "sentence", "owner", "description"),
    *("indicator", "work_stage", "objective", "audience", "distortions", "retire_on", "is_retired"),
)
_VALUES = "marts.mart_metric_values"
_ENUMERATING = ("dim_metrics", "int_metric_cells")  # each metric's own row of `dim_metrics` is hashed instead
_PARTS_OF_NAME = 2


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """A metric's definition: the hash, and the document that was hashed."""

    metric: str
    sha256: str
    document: Mapping[str, Any]


def read_definitions(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Return the rows of `marts.dim_metrics` as dictionaries, ordered by metric, version and profile."""
    result = con.execute("select * from marts.dim_metrics order by metric, metric_version, profile")
    names = [column[0] for column in result.description or ()]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def define_metrics(
    manifest: Mapping[str, Any], definitions: Iterable[Mapping[str, Any]], *, parameters: Mapping[str, Any]
) -> dict[str, MetricDefinition]:
    """Hash every metric.

    Args:
        manifest: dbt's `manifest.json` of a compilation without incremental state (`--full-refresh`), so that
            the SQL does not depend on what was built before.
        definitions: rows of `dim_metrics`; each names its `fact_relation` as `schema.table`.
        parameters: settings of the workspace that change numbers (rules, patterns, windows, time zone).

    Raises:
        DefinitionError: a relation is no model of the manifest, or a model has no compiled SQL.
    """
    models = _ModelReader(manifest)
    rows: dict[str, list[Mapping[str, Any]]] = {}
    for row in definitions:
        rows.setdefault(str(row["metric"]), []).append(row)
    defined = {}
    for metric, versions in sorted(rows.items()):
        relations = sorted({str(row["fact_relation"]) for row in versions})
        closure = models.closure([*relations, *models.value_relations])
        document = {
            "v": 1,
            "metric": metric,
            "definition": [_definition(row) for row in versions],
            "models": {name: models.sql_sha256(name) for name in closure if models.is_model(name)},
            "sources": {name: models.contract(name) for name in closure if not models.is_model(name)},
            "parameters": _plain(parameters),
        }
        digest = hashlib.sha256(canonical_json(document)).hexdigest()
        defined[metric] = MetricDefinition(metric, digest, document)
    return defined


class _ModelReader:
    """The parts of a dbt manifest that give a metric its meaning."""

    def __init__(self, manifest: Mapping[str, Any]) -> None:
        self._nodes: Mapping[str, Any] = {**manifest.get("nodes", {}), **manifest.get("sources", {})}
        self._by_relation = {
            f"{node['schema']}.{node.get('alias') or node['name']}": unique_id
            for unique_id, node in self._nodes.items()
            if node.get("resource_type") in {"model", "seed", "snapshot"}
        }

    @property
    def value_relations(self) -> tuple[str, ...]:
        """The mart that lays facts out over scopes and periods, if the project has it."""
        return tuple(relation for relation in (_VALUES,) if relation in self._by_relation)

    def closure(self, relations: Sequence[str]) -> list[str]:
        """Return the ids of the relations and of everything upstream of them, sorted.

        Models that enumerate all metrics are left out: one metric's formula must not change another's hash.
        """
        pending = [self._id_of(relation) for relation in relations]
        seen: set[str] = set()
        while pending:
            unique_id = pending.pop()
            if unique_id in seen or self._nodes[unique_id].get("name") in _ENUMERATING:
                continue
            seen.add(unique_id)
            pending.extend(self._upstream(unique_id))
        return sorted(seen)

    def is_model(self, unique_id: str) -> bool:
        """Whether the node has SQL of its own."""
        return self._nodes[unique_id].get("resource_type") in {"model", "snapshot"}

    def sql_sha256(self, unique_id: str) -> str:
        """Hash a model's canonical SQL."""
        compiled = self._nodes[unique_id].get("compiled_code")
        if not compiled:
            raise DefinitionError(f"{unique_id} has no compiled SQL; compile the whole project first")
        return _sql_sha256(compiled)

    def contract(self, unique_id: str) -> dict[str, Any]:
        """Return what is promised of a source: its name, and its columns with their types."""
        node = self._nodes[unique_id]
        columns = {
            name.lower(): str(column.get("data_type") or "").lower()
            for name, column in (node.get("columns") or {}).items()
        }
        checksum = (node.get("checksum") or {}).get("checksum")
        kind = str(node.get("resource_type"))
        return {"kind": kind, "columns": columns, **({"sha256": checksum} if kind == "seed" else {})}

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
def _sql_sha256(sql: str) -> str:
    return hashlib.sha256(canonical_sql(sql).encode()).hexdigest()


def _definition(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of `dim_metrics` without its explanations, its SQL canonical and its JSON parsed."""
    found: dict[str, Any] = {}
    for name, value in row.items():
        if name in _WORDS or value is None:
            continue
        if name.endswith("_sql"):
            found[name] = canonical_sql(str(value))
        elif name.endswith("_json"):
            found[name] = _without_words(_plain(json.loads(value, parse_float=Decimal)))
        else:
            found[name] = _plain(value)
    return found


def _without_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_words(item) for name, item in value.items() if name not in _WORDS}
    if isinstance(value, list):
        return [_without_words(item) for item in value]
    return value


def _plain(value: Any) -> Any:
    """Spell a value for canonical JSON: numbers with a fraction as text, anything else by its own name."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (float, Decimal)):
        return format(Decimal(str(value)).normalize(), "f")
    return str(value)
