"""Models and tests as OpenLineage describes them, from dbt's manifest and the stored column lineage."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import duckdb

from lineage.columns import ColumnEdge, Kind, has_tables
from lineage.openlineage import Assertion, DatasetDescription, Failure, JobDescription, RunStep
from orchestration.column_lineage.recording import stream_of
from orchestration.dbt_runner import NodeOutcome

ENGINEERS: Final = "data-engineering"
_LINEAGE = """
    select output_relation, output_column, input_relation, input_column, json_path, subtype
    from lineage.column_edges
    order by all
"""
_COLUMNS = (
    "select relation, column_name, data_type from lineage.columns order by relation, position, column_name"
)


@dataclass(frozen=True, slots=True)
class HeardOutcome:
    """What became of a node, and when that was heard."""

    outcome: NodeOutcome
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class StoredLineage:
    """What the warehouse says of relations: their columns, and the edges that lead to them."""

    columns: Mapping[str, Mapping[str, str]]
    edges: Mapping[str, tuple[ColumnEdge, ...]]


def read_stored_lineage(con: duckdb.DuckDBPyConnection) -> StoredLineage:
    """Read the stored column lineage; nothing where none was stored yet."""
    found = con.execute("select current_database()").fetchone() or ("",)
    if not has_tables(con, str(found[0])):
        return StoredLineage({}, {})
    columns: dict[str, dict[str, str]] = defaultdict(dict)
    for relation, name, kind in con.execute(_COLUMNS).fetchall():
        columns[relation][name] = kind
    edges: dict[str, list[ColumnEdge]] = defaultdict(list)
    for relation, output, source, column, path, subtype in con.execute(_LINEAGE).fetchall():
        edges[relation].append(ColumnEdge(output, source, column, path, Kind[subtype]))
    return StoredLineage(columns, {name: tuple(each) for name, each in edges.items()})


def run_steps(
    heard: Iterable[HeardOutcome], manifest: Mapping[str, Any], stored: StoredLineage
) -> Iterator[RunStep]:
    """Yield a step for each model that was built or failed, and one for the tests over each model.

    Args:
        heard: What became of the nodes, in the order in which they ended.
        manifest: dbt's manifest, with compiled SQL where there is some.
        stored: What is known of the columns.
    """
    nodes: Mapping[str, Mapping[str, Any]] = manifest.get("nodes", {})
    tests: dict[str, list[HeardOutcome]] = defaultdict(list)
    for each in heard:
        node = nodes.get(each.outcome.unique_id)
        if node is not None and each.outcome.kind == "model" and each.outcome.status != "skipped":
            yield _model_step(each, node, manifest, stored)
        elif node is not None and each.outcome.kind == "test" and node.get("attached_node"):
            tests[node["attached_node"]].append(each)
    for model, outcomes in tests.items():
        if model in nodes:
            yield _test_step(outcomes, nodes, nodes[model], stored)


def _model_step(
    heard: HeardOutcome, node: Mapping[str, Any], manifest: Mapping[str, Any], stored: StoredLineage
) -> RunStep:
    name = _relation(node)
    job = JobDescription(
        name,
        sql=str(node.get("compiled_code") or ""),
        description=str(node.get("description") or ""),
        owner=_owner(node, manifest),
    )
    is_bad = heard.outcome.is_bad
    output = _dataset(node, stored, rows=heard.outcome.rows, has_edges=True)
    return RunStep(
        job,
        heard.started_at,
        heard.ended_at,
        inputs=tuple(_inputs(node, manifest, stored)),
        outputs=() if is_bad else (output,),
        failure=Failure("the model could not be built; its message stands in the run's record")
        if is_bad
        else None,
    )


def _test_step(
    outcomes: list[HeardOutcome],
    nodes: Mapping[str, Mapping[str, Any]],
    model: Mapping[str, Any],
    stored: StoredLineage,
) -> RunStep:
    assertions = tuple(_assertion(each.outcome, nodes[each.outcome.unique_id]) for each in outcomes)
    name = _relation(model)
    return RunStep(
        JobDescription(f"{name}.tests", kind="TEST", description=f"The tests of {name}.", owner=ENGINEERS),
        min(each.started_at for each in outcomes),
        max(each.ended_at for each in outcomes),
        inputs=(_dataset(model, stored),),
        assertions=assertions,
    )


def _assertion(outcome: NodeOutcome, test: Mapping[str, Any]) -> Assertion:
    named = (test.get("test_metadata") or {}).get("name")
    return Assertion(
        name=str(named or test["name"]),
        is_passed=not outcome.is_bad and outcome.status != "warn",
        column=test.get("column_name"),
        is_blocking=str(test["config"].get("severity", "error")).lower() == "error",
    )


def _inputs(
    node: Mapping[str, Any], manifest: Mapping[str, Any], stored: StoredLineage
) -> Iterator[DatasetDescription]:
    known = {**manifest.get("nodes", {}), **manifest.get("sources", {})}
    seen: set[str] = set()
    for parent in node["depends_on"]["nodes"]:
        if parent in known:
            dataset = _dataset(known[parent], stored)
            if dataset.name not in seen:
                seen.add(dataset.name)
                yield dataset


def _dataset(
    node: Mapping[str, Any], stored: StoredLineage, *, rows: int | None = None, has_edges: bool = False
) -> DatasetDescription:
    name = _relation(node)
    declared = {
        column.lower(): str(found.get("data_type") or "")
        for column, found in (node.get("columns") or {}).items()
    }
    return DatasetDescription(
        name,
        columns=stored.columns.get(name) or declared,
        description=str(node.get("description") or "").strip(),
        edges=stored.edges.get(name, ()) if has_edges else (),
        rows=rows,
    )


def _relation(node: Mapping[str, Any]) -> str:
    """Return a node's name in column lineage: streams for raw tables, `vault.` for the other file."""
    name = str(node.get("alias") or node.get("identifier") or node["name"])
    schema = node["database"] if node["schema"] == "main" else node["schema"]
    return stream_of(f"{schema}.{name}")


def _owner(node: Mapping[str, Any], manifest: Mapping[str, Any]) -> str:
    groups = {group["name"]: group for group in (manifest.get("groups") or {}).values()}
    owner = (groups.get(node.get("group")) or {}).get("owner") or {}
    return str(owner.get("name") or ENGINEERS)
