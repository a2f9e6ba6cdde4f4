"""The rows of every model, as one hash per table: two histories that end alike give the same hashes."""

import hashlib
from pathlib import Path

import duckdb

LAYERS = ("staging", "intermediate", "marts")
ADDRESSES = ("record_id", "record_ids", "context_record_ids", "log_index")
"""Columns that say where a record lies, not what it says."""
READING_TIMES = {"__sightings": ("first_seen_at", "gone_at"), "_membership_statements": ("valid_from",)}
"""Columns, by the end of a table's name, that say when a reading was complete, not what it says."""


def hashes_of_rows(warehouse: Path, *, with_reading_times: bool = True) -> dict[str, str]:
    """Hash the sorted rows of every table that dbt built, without the addresses of records.

    Args:
        warehouse: The file.
        with_reading_times: Whether it matters when readings were complete: not between two histories.
    """
    with duckdb.connect(str(warehouse), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        tables = con.execute(
            "select table_schema, table_name from information_schema.tables "
            "where list_contains(?, table_schema) and table_type = 'BASE TABLE' order by all",
            [list(LAYERS)],
        ).fetchall()
        return {
            f"{schema}.{table}": _hash(
                con, schema, table, _left_out(table, with_reading_times=with_reading_times)
            )
            for schema, table in tables
        }


def _left_out(table: str, *, with_reading_times: bool) -> tuple[str, ...]:
    times = [column for name, columns in READING_TIMES.items() if table.endswith(name) for column in columns]
    return (*ADDRESSES, *([] if with_reading_times else times))


def _hash(con: duckdb.DuckDBPyConnection, schema: str, table: str, left_out: tuple[str, ...]) -> str:
    columns = [
        column
        for (column,) in con.execute(
            "select column_name from information_schema.columns "
            "where table_schema = ? and table_name = ? order by ordinal_position",
            [schema, table],
        ).fetchall()
        if not column.endswith(left_out)
    ]
    listed = ", ".join(f'"{column}"' for column in columns)
    digest = hashlib.sha256(listed.encode())
    for row in con.execute(f"select {listed} from {schema}.{table} order by all").fetchall():
        digest.update(repr(row).encode())
    return digest.hexdigest()
