"""The rows of every model, as one hash per table: two histories that end alike give the same hashes."""

import hashlib
from datetime import datetime
from pathlib import Path

import duckdb

LAYERS = ("staging", "intermediate", "marts")
ADDRESSES = ("record_id", "record_ids", "context_record_ids", "log_index")
"""Columns that say where a record lies, not what it says."""


def hashes_of_rows(warehouse: Path, *, readings_since: datetime | None = None) -> dict[str, str]:
    """Hash the sorted rows of every table that dbt built, without the addresses of records.

    Args:
        warehouse: The file.
        readings_since: Instants from here on say when a reading was complete, and count as the same: between
            two histories they differ.
    """
    with duckdb.connect(str(warehouse), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        tables = con.execute(
            "select table_schema, table_name from information_schema.tables "
            "where list_contains(?, table_schema) and table_type = 'BASE TABLE' order by all",
            [list(LAYERS)],
        ).fetchall()
        return {f"{schema}.{table}": _hash(con, schema, table, readings_since) for schema, table in tables}


def _hash(con: duckdb.DuckDBPyConnection, schema: str, table: str, readings_since: datetime | None) -> str:
    columns = con.execute(
        "select column_name, data_type from information_schema.columns "
        "where table_schema = ? and table_name = ? order by ordinal_position",
        [schema, table],
    ).fetchall()
    listed = ", ".join(
        _told(name, data_type, readings_since) for name, data_type in columns if not name.endswith(ADDRESSES)
    )
    digest = hashlib.sha256(listed.encode())
    for row in con.execute(f"select {listed} from {schema}.{table} order by all").fetchall():
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _told(name: str, data_type: str, readings_since: datetime | None) -> str:
    """Return the column, with all times of readings as one; ends that are open stay as they are."""
    if readings_since is None or data_type != "TIMESTAMP WITH TIME ZONE":
        return f'"{name}"'
    since = f"timestamptz '{readings_since.isoformat()}'"
    return f'case when "{name}" between {since} and timestamptz \'9000-01-01\' then {since} else "{name}" end'
