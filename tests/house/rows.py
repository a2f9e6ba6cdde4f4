"""The rows of every model, as one hash per table: two histories that end alike give the same hashes."""

import hashlib
from pathlib import Path

import duckdb

LAYERS = ("staging", "intermediate", "marts")
ADDRESSES = ("record_id", "record_ids", "context_record_ids", "log_index")
"""Columns that say where a record lies, not what it says."""


def hashes_of_rows(warehouse: Path, *, with_addresses: bool) -> dict[str, str]:
    """Hash the sorted rows of every table that dbt built, with or without the addresses of records."""
    with duckdb.connect(str(warehouse), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        tables = con.execute(
            "select table_schema, table_name from information_schema.tables "
            "where list_contains(?, table_schema) and table_type = 'BASE TABLE' order by all",
            [list(LAYERS)],
        ).fetchall()
        return {
            f"{schema}.{table}": _hash(con, schema, table, with_addresses=with_addresses)
            for schema, table in tables
        }


def _hash(con: duckdb.DuckDBPyConnection, schema: str, table: str, *, with_addresses: bool) -> str:
    columns = [
        column
        for (column,) in con.execute(
            "select column_name from information_schema.columns "
            "where table_schema = ? and table_name = ? order by ordinal_position",
            [schema, table],
        ).fetchall()
        if with_addresses or not column.endswith(ADDRESSES)
    ]
    listed = ", ".join(f'"{column}"' for column in columns)
    digest = hashlib.sha256(listed.encode())
    for row in con.execute(f"select {listed} from {schema}.{table} order by all").fetchall():
        digest.update(repr(row).encode())
    return digest.hexdigest()
