"""The results of the last checks in the warehouse, as the table that the marts about them read."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import duckdb
import pyarrow as pa

from quality_checks.repairs import Repair
from quality_checks.results import CheckResult

RESULTS = "quality.check_results"

_REPAIR = [field.name for field in fields(Repair)]
_REPAIRS = f"struct({', '.join(f'{name} varchar' for name in _REPAIR)})[]"
_SQL_TYPES = {
    "is_passed": "boolean",
    "offender_count": "bigint",
    "offenders": "varchar[]",
    "expected_total": "bigint",
    "observed_total": "bigint",
    "tolerance": "bigint",
    "left_relations": "varchar[]",
    "right_relations": "varchar[]",
    "repairs": _REPAIRS,
}
_ARROW_TYPES = {
    "boolean": pa.bool_(),
    "bigint": pa.int64(),
    "varchar[]": pa.list_(pa.string()),
    _REPAIRS: pa.list_(pa.struct([(name, pa.string()) for name in _REPAIR])),
}
_COLUMNS = {
    "position": "bigint",
    **{field.name: _SQL_TYPES.get(field.name, "varchar") for field in fields(CheckResult)},
}


def create_results(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table where it does not stand yet, or stands with other columns; without rows then."""
    found = con.execute(
        "select column_name, replace(lower(data_type), '\"', '') from duckdb_columns() "
        "where database_name = current_database() and schema_name || '.' || table_name = $1 "
        "order by column_index",
        [RESULTS],
    ).fetchall()
    if dict(found) == _COLUMNS:
        return
    columns = ", ".join(f"{name} {kind}" for name, kind in _COLUMNS.items())
    con.execute("create schema if not exists quality")
    con.execute(f"create or replace table {RESULTS} ({columns})")


def write_results(con: duckdb.DuckDBPyConnection, results: Sequence[CheckResult]) -> None:
    """Put these results in the place of the last ones."""
    rows = [result.as_row() | {"position": at} for at, result in enumerate(results)]
    schema = pa.schema([(name, _ARROW_TYPES.get(kind, pa.string())) for name, kind in _COLUMNS.items()])
    create_results(con)
    con.register("incoming_results", pa.Table.from_pylist(rows, schema=schema))
    con.execute("begin")
    con.execute(f"delete from {RESULTS}")
    con.execute(f"insert into {RESULTS} by name select * from incoming_results order by position")
    con.execute("commit")
    con.unregister("incoming_results")


def read_results(con: duckdb.DuckDBPyConnection) -> list[CheckResult]:
    """Read the results of the last checks in their order."""
    names = [field.name for field in fields(CheckResult)]
    rows = con.execute(f"select {', '.join(names)} from {RESULTS} order by position").fetchall()
    return [_result(dict(zip(names, row, strict=True))) for row in rows]


def _result(row: dict[str, Any]) -> CheckResult:
    several = {name: tuple(row[name]) for name in ("offenders", "left_relations", "right_relations")}
    repairs = tuple(Repair(**repair) for repair in row["repairs"])
    return CheckResult(**(row | several | {"repairs": repairs}))
