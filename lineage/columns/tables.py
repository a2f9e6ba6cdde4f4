"""Column lineage as tables: the schema `lineage` of a DuckDB file, for whoever asks it in SQL.

`columns` has one row per column of each relation, `column_edges` one per edge, `unresolved_columns` one per
thing that could not be followed, and `model_edges` one per relation that another reads.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

from lineage.columns.project import ProjectLineage

SCHEMA = "lineage"
TABLES: dict[str, tuple[tuple[str, pa.DataType], ...]] = {
    "columns": (
        ("relation", pa.string()),
        ("relation_kind", pa.string()),
        ("column_name", pa.string()),
        ("position", pa.int32()),
        ("data_type", pa.string()),
        ("origin", pa.string()),
    ),
    "column_edges": (
        ("output_relation", pa.string()),
        ("output_column", pa.string()),
        ("input_relation", pa.string()),
        ("input_column", pa.string()),
        ("json_path", pa.string()),
        ("type", pa.string()),
        ("subtype", pa.string()),
    ),
    "unresolved_columns": (
        ("relation", pa.string()),
        ("column_name", pa.string()),
        ("expression", pa.string()),
        ("reason", pa.string()),
    ),
    "model_edges": (("output_relation", pa.string()), ("input_relation", pa.string())),
}


def table_rows(lineage: ProjectLineage) -> dict[str, Sequence[Sequence[Any]]]:
    """Return the rows of each table, sorted."""
    return {
        "columns": [
            (each.relation, each.relation_kind, each.name, each.position, each.data_type, each.origin)
            for each in lineage.columns
        ],
        "column_edges": [
            (
                each.output_relation,
                each.edge.output_column,
                each.edge.input_relation,
                each.edge.input_column,
                each.edge.json_path,
                each.edge.kind.type,
                each.edge.kind.name,
            )
            for each in lineage.edges
        ],
        "unresolved_columns": [
            (relation, each.output_column, each.expression, each.reason)
            for relation, each in lineage.unresolved
        ],
        "model_edges": list(lineage.reads),
    }


def write_tables(con: duckdb.DuckDBPyConnection, lineage: ProjectLineage) -> bool:
    """Write the tables in one transaction, unless the same ones are there; return whether they were."""
    rows = table_rows(lineage)
    stamp = _stamp(rows)
    if _present_stamp(con) == stamp:
        return False
    con.execute("begin")
    try:
        con.execute(f"create schema if not exists {SCHEMA}")
        for name, columns in TABLES.items():
            arrays = list(zip(*rows[name], strict=True)) or [() for _ in columns]
            incoming = pa.table(
                {
                    column: pa.array(values, kind)
                    for (column, kind), values in zip(columns, arrays, strict=True)
                }
            )
            con.register("incoming_lineage", incoming)
            con.execute(f"create or replace table {SCHEMA}.{name} as from incoming_lineage")
            con.unregister("incoming_lineage")
        con.execute(f"comment on table {SCHEMA}.columns is '{stamp}'")
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return True


def has_tables(con: duckdb.DuckDBPyConnection, catalog: str) -> bool:
    """Whether an attached file has the tables."""
    found = con.execute(
        "select count(*) from duckdb_tables() where database_name = $1 and schema_name = $2 "
        "and list_contains($3, table_name)",
        [catalog, SCHEMA, list(TABLES)],
    ).fetchone()
    return found is not None and found[0] == len(TABLES)


def copy_tables(con: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Copy the tables of an attached file into the open one."""
    con.execute(f"create schema if not exists {SCHEMA}")
    for name in TABLES:
        con.execute(f"create table {SCHEMA}.{name} as from {catalog}.{SCHEMA}.{name}")


def _stamp(rows: dict[str, Sequence[Sequence[Any]]]) -> str:
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()


def _present_stamp(con: duckdb.DuckDBPyConnection) -> str | None:
    found = con.execute(
        "select comment from duckdb_tables() where schema_name = $1 and table_name = 'columns' "
        "and database_name = current_database()",
        [SCHEMA],
    ).fetchone()
    return None if found is None else found[0]
