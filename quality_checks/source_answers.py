"""What the source itself said when it was asked again: the tables that its comparisons read."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import duckdb
import pyarrow as pa

SAMPLED_RECORDS: Final = "quality.sampled_records"
SOURCE_TOTALS: Final = "quality.source_totals"

_PLACE = [("source", pa.string()), ("kind", pa.string()), ("stream", pa.string()), ("subject", pa.string())]
_SCHEMAS: Final[Mapping[str, pa.Schema]] = {
    SAMPLED_RECORDS: pa.schema(
        [
            *_PLACE,
            ("record_key", pa.string()),
            ("verdict", pa.string()),
            ("differing_columns", pa.list_(pa.string())),
            ("differences", pa.list_(pa.string())),
            ("staged_record_id", pa.int64()),
            ("sampled_record_id", pa.int64()),
            ("problem", pa.string()),
        ]
    ),
    SOURCE_TOTALS: pa.schema(
        [
            *_PLACE,
            ("scope", pa.string()),
            ("verdict", pa.string()),
            ("created_before", pa.timestamp("us", "UTC")),
            ("total_count", pa.int64()),
            ("staged_count", pa.int64()),
            ("tolerance_count", pa.int64()),
            ("sampled_log_index", pa.int64()),
            ("problem", pa.string()),
        ]
    ),
}


def write_answers(con: duckdb.DuckDBPyConnection, table: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Replace a table of answers; its rows are in the order of source, stream and record or scope.

    Args:
        con: The warehouse, open for writing.
        table: `SAMPLED_RECORDS` or `SOURCE_TOTALS`.
        rows: Its rows, by column.
    """
    incoming = pa.Table.from_pylist([dict(row) for row in rows], schema=_SCHEMAS[table])
    con.register("incoming_answers", incoming)
    con.execute("create schema if not exists quality")
    con.execute(f"create or replace table {table} as select * from incoming_answers order by all")
    con.unregister("incoming_answers")


def create_answers(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables that are not there yet, without rows: nothing was asked."""
    held = con.execute(
        "select concat(schema_name, '.', table_name) from duckdb_tables() where schema_name = 'quality'"
    ).fetchall()
    for table in _SCHEMAS:
        if (table,) not in held:
            write_answers(con, table, ())
