"""Marts as Parquet and CSV: the same rows give the same bytes, with one thread or eight.

Rows are written in a total order, Parquet with fixed row groups and compression. CSV is UTF-8 with a
header; text is quoted, and neutralised against spreadsheets; lists are joined by a semicolon.
"""

from pathlib import Path

import duckdb

from publishing.spreadsheet_text import neutral_text_sql
from publishing.tables import Table, quoted

_PARQUET = "(format parquet, compression zstd, compression_level 3, row_group_size 122880)"
_CSV = "(format csv, header true, delimiter ',', quote '\"', escape '\"', force_quote ({texts}))"
_CSV_WITHOUT_TEXT = "(format csv, header true, delimiter ',')"
MARTS = "marts"
"""The folder of a publication's flat files."""
EXPORTED_DIMENSIONS = ("dim_metrics", "dim_services", "dim_teams")


def is_exported(table: Table) -> bool:
    """Whether a table goes out as flat files: the marts, and the dimensions that explain them."""
    return table.schema == "marts" and (table.name.startswith("mart_") or table.name in EXPORTED_DIMENSIONS)


def write_flat_files(con: duckdb.DuckDBPyConnection, table: Table, folder: Path) -> dict[str, int]:
    """Write a table as both below the folder `marts` of a publication; return the rows by path."""
    base = f"{MARTS}/{table.name}"
    return {
        f"{base}.parquet": write_parquet(con, table, folder / f"{base}.parquet"),
        f"{base}.csv": write_csv(con, table, folder / f"{base}.csv"),
    }


def write_parquet(con: duckdb.DuckDBPyConnection, table: Table, path: Path) -> int:
    """Write a table in the order of all its columns; return the number of rows."""
    columns = ", ".join(quoted(name) for name in table.columns)
    return _copy(con, f"select {columns} from {table.relation} order by all", path, _PARQUET)


def write_csv(con: duckdb.DuckDBPyConnection, table: Table, path: Path) -> int:
    """Write a table in the order of all its columns, its texts neutralised; return the number of rows."""
    ordered = ", ".join(quoted(name) for name in table.columns)
    query = csv_query(table, f"(select {ordered} from {table.relation} order by all)")
    texts = ", ".join(quoted(name) for name, kind in table.columns.items() if _is_text(kind))
    return _copy(con, query, path, _CSV.format(texts=texts) if texts else _CSV_WITHOUT_TEXT)


def csv_query(table: Table, source: str) -> str:
    """Return the query that gives a table's values as CSV spells them, read from `source`."""
    columns = ", ".join(f"{_csv_value(name, kind)} as {quoted(name)}" for name, kind in table.columns.items())
    return f"select {columns} from {source}"


def _copy(con: duckdb.DuckDBPyConnection, query: str, path: Path, options: str) -> int:
    target = str(path).replace("'", "''")
    row = con.execute(f"copy ({query}) to '{target}' {options}").fetchone()
    return int(row[0]) if row else 0


def _csv_value(name: str, kind: str) -> str:
    column = quoted(name)
    if kind.endswith("[]"):
        return neutral_text_sql(f"array_to_string({column}, '; ')")
    if _is_text(kind):
        return neutral_text_sql(f"{column}::varchar")
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime({column} at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ')"
    return column


def _is_text(kind: str) -> bool:
    return kind.startswith(("VARCHAR", "JSON", "STRUCT", "MAP", "UNION", "ENUM", "UUID")) or kind.endswith(
        "[]"
    )
