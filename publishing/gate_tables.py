"""The gate's decisions as tables: of metrics, of values that it decides one by one, and what is disputed."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa

from governance.cell_gate import CellDecision
from governance.circumstances import CellKey
from governance.gate import Decision

GATE_CELLS = "publication.gate_cells"
DISPUTED_CELLS = "publication.disputed_cells"
_CELLS = pa.schema(
    [
        ("metric", pa.string()),
        ("scope_kind", pa.string()),
        ("scope_id", pa.string()),
        ("period_grain", pa.string()),
        ("period_start", pa.date32()),
        ("is_open", pa.bool_()),
        ("reasons", pa.list_(pa.string())),
        ("decision_json", pa.string()),
    ]
)
_DISPUTED = pa.schema([_CELLS.field(name) for name in CellKey._fields])
_DECISIONS = pa.schema(
    [
        ("metric", pa.string()),
        ("metric_version", pa.int32()),
        ("tier", pa.string()),
        ("definition_hash", pa.string()),
        ("is_published", pa.bool_()),
        ("purpose", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("decision_json", pa.string()),
    ]
)


def write_gate_cells(con: duckdb.DuckDBPyConnection, cells: Mapping[str, Sequence[CellDecision]]) -> None:
    """Write `publication.gate_cells`: one row per value that the gate decided by itself, and why.

    `decision_json` is the canonical line that the metric's leaf commits to. `publication.withheld_cells`
    shows the values that stay back, a row for each reason.
    """
    rows = [
        dict(zip(_CELLS.names, (*one.key, one.is_open, list(one.flags), one.line().decode()), strict=True))
        for metric in sorted(cells)
        for one in cells[metric]
    ]
    _create(con, GATE_CELLS, pa.Table.from_pylist(rows, schema=_CELLS))
    con.execute(
        "create table publication.withheld_cells as "
        "select metric, scope_kind, scope_id, period_grain, period_start, unnest(reasons) as reason "
        f"from {GATE_CELLS} where not is_open order by all"
    )


def write_disputed_cells(con: duckdb.DuckDBPyConnection, cells: Iterable[CellKey]) -> None:
    """Write `publication.disputed_cells`: one row per value that an open dispute is about."""
    rows = [one._asdict() for one in sorted(cells)]
    _create(con, DISPUTED_CELLS, pa.Table.from_pylist(rows, schema=_DISPUTED))


def write_gate_decisions(
    con: duckdb.DuckDBPyConnection, relation: str, decisions: Sequence[Decision]
) -> None:
    """Write a table with one row per metric: what the gate decided, with all predicates as JSON."""
    rows: list[dict[str, Any]] = [
        {
            "metric": one.metric,
            "metric_version": one.metric_version,
            "tier": one.tier,
            "definition_hash": one.definition_hash,
            "is_published": one.is_open,
            "purpose": one.purpose,
            "reasons": [result.name for result in one.predicates if not result.is_passed],
            "decision_json": json.dumps(_without_time(one), ensure_ascii=False),
        }
        for one in decisions
    ]
    _create(con, relation, pa.Table.from_pylist(rows, schema=_DECISIONS))


def _without_time(decision: Decision) -> dict[str, Any]:
    """The time stands in the leaf: the same decision is the same row."""
    return {name: value for name, value in decision.to_document().items() if name != "decided_at"}


def _create(con: duckdb.DuckDBPyConnection, relation: str, table: pa.Table) -> None:
    con.register("gate_rows", table)
    try:
        con.execute(f"create or replace table {relation} as select * from gate_rows")
    finally:
        con.unregister("gate_rows")
