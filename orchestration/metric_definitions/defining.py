"""What every metric means at present: the definitions that the compiled models, rules and policies make."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import duckdb

from governance.log import GOVERNANCE_LOG
from governance.policies import MetricDefaults, PolicyBook
from lineage.definition_log import definition_leaves, read_history
from lineage.definition_store import DefinitionStore
from lineage.definitions import (
    Circumstances,
    MetricDefinition,
    define_marts,
    define_metrics,
    read_definitions,
)
from lineage.ledger import Ledger
from orchestration.metric_definitions.rules import built_rules
from orchestration.metric_definitions.steps import step_parts

_PEOPLE = ("owners", "authors")
"""Who answers for a metric decides who may sign it, which the gate asks each time; it decides no number."""

_NUMBERED_MARTS = "mart_"
_ABOUT_READING = (
    "mart_check_results",
    "mart_reconciliation",
    "mart_stream_completeness",
    "mart_metric_values",
)
"""Marts that say how data was read and checked, or whose definition is each metric's own."""


def present_definitions(
    con: duckdb.DuckDBPyConnection, compiled: Mapping[str, Any], *, policies: PolicyBook
) -> dict[str, MetricDefinition]:
    """Define every metric of the warehouse as it was built, together with the rules that change its numbers.

    Args:
        con: The warehouse. The rules are read from its schema `config`: those that its numbers were made
            with.
        compiled: dbt's manifest with the SQL of a build from the beginning, see `DbtProject`.
        policies: The workspace's policies; each metric's effective one is part of its definition.

    Raises:
        DefinitionError: the compiled models do not fit the warehouse.
        PolicyError: a policy would loosen a definition.
    """
    rows = read_definitions(con)
    return define_metrics(compiled, rows, circumstances=_circumstances(con, rows, policies))


def present_marts(con: duckdb.DuckDBPyConnection, compiled: Mapping[str, Any]) -> dict[str, MetricDefinition]:
    """Define the marts that publish numbers beside the metrics' values: scorecard, objectives, flow.

    Raises:
        DefinitionError: the compiled models do not fit the warehouse.
    """
    built = con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
    relations = [
        f"marts.{name}"
        for (name,) in built
        if name.startswith(_NUMBERED_MARTS) and name not in _ABOUT_READING
    ]
    known = {
        f"{node['schema']}.{node.get('alias') or node['name']}"
        for node in compiled["nodes"].values()
        if node["resource_type"] == "model"
    }
    circumstances = _circumstances(con, (), PolicyBook.empty())
    return define_marts(compiled, [name for name in relations if name in known], circumstances=circumstances)


@dataclass(frozen=True, slots=True)
class KeptDefinitions:
    """What a publication says of the definitions behind it.

    Attributes:
        hashes: By metric or mart: the hash of the definition and of its stored document.
        leaves: What it brings into force, for the governance log.
    """

    hashes: Mapping[str, Mapping[str, str]]
    leaves: tuple[bytes, ...]


def keep_definitions(
    store: DefinitionStore,
    ledger: Ledger,
    defined: Mapping[str, MetricDefinition],
    *,
    publication_id: str,
    at: datetime,
) -> KeptDefinitions:
    """Write every definition to the store, and make the leaves of those that are new.

    The files are on disk before a leaf names them, so a crash leaves a file too many, never one too few.

    Raises:
        DefinitionError: a file of the store does not hold what its name says.
    """
    documents = {name: store.write(definition) for name, definition in sorted(defined.items())}
    known = read_history(ledger.every_leaf(GOVERNANCE_LOG))
    leaves = definition_leaves(defined, known, publication_id=publication_id, at=at, documents=documents)
    hashes = {
        name: {"definition_sha256": definition.sha256, "document_sha256": documents[name]}
        for name, definition in sorted(defined.items())
    }
    return KeptDefinitions(hashes, tuple(leaves))


def _circumstances(
    con: duckdb.DuckDBPyConnection, rows: Iterable[Mapping[str, Any]], policies: PolicyBook
) -> Circumstances:
    return Circumstances(
        rules=built_rules(con),
        steps=step_parts(),
        policies={
            defaults.metric: {
                name: value
                for name, value in asdict(policies.policy_for(defaults)).items()
                if name not in _PEOPLE
            }
            for defaults in metric_defaults(rows)
        },
    )


def metric_defaults(rows: Iterable[Mapping[str, Any]]) -> list[MetricDefaults]:
    """Return what the definitions say of each metric for its policy; where versions differ, the strictest."""
    grouped: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(str(row["metric"]), []).append(row)
    return [
        MetricDefaults(
            metric=metric,
            metric_version=max(int(row.get("metric_version") or 1) for row in versions),
            tier=min(str(row["tier"]) for row in versions),
            owner=min(str(row.get("owner") or "nobody") for row in versions),
            minimum_n=max(int(row.get("minimum_n") or 0) for row in versions),
            review_by=min((row["review_by"] for row in versions if row.get("review_by")), default=None),
        )
        for metric, versions in sorted(grouped.items())
    ]
