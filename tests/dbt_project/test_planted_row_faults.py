"""Every dbt test of the project finds the fault that it exists for, and nothing in a sound row."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import duckdb
import pytest

from tests.dbt_project.row_faults import ROW_FAULTS, Values
from tests.parsed import compiled_tests

UNHEARD_OF = "'never heard of'"


@cache
def nodes() -> Mapping[str, dict[str, Any]]:
    """Every model and test of the project as dbt compiles it."""
    found: dict[str, dict[str, Any]] = compiled_tests()["nodes"]
    return found


def dbt_tests() -> Mapping[str, dict[str, Any]]:
    """Every test of the project by its name."""
    return {node["name"]: node for node in nodes().values() if node["resource_type"] == "test"}


@pytest.fixture(scope="module")
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse without rows, but for what conditions read beside their model."""
    with duckdb.connect() as con:
        con.execute("attach ':memory:' as assay")
        con.execute("use assay")
        for schema in ("staging", "intermediate", "marts", "config"):
            con.execute(f"create schema {schema}")
        con.execute("create table config.scorecard as select 5 as minimum_team_size, 3 as minimum_peer_count")
        con.execute(
            "create table intermediate.int_team_exposure_periods as "
            "select 'payments' as team_id, date '2026-01-01' as period_start, 4 as team_size"
        )
        yield con


def found(con: duckdb.DuckDBPyConnection, node: Mapping[str, Any], rows: Sequence[Values]) -> bool:
    """Whether a test finds something in a table of these rows; the table is gone afterwards."""
    schema, table = relation_of(node)
    con.execute("begin")
    try:
        con.execute(f"drop table if exists {schema}.{table}")
        selects = (", ".join(f"{value} as {name}" for name, value in row.items()) for row in rows)
        con.execute(
            f"create table {schema}.{table} as " + " union all by name ".join(f"select {s}" for s in selects)
        )
        for parent, column in parents_of(node):
            con.execute(f"create or replace table {parent} as select 'known' as {column}")
        return con.execute(node["compiled_code"]).fetchone() is not None
    finally:
        con.execute("rollback")


def relation_of(node: Mapping[str, Any]) -> tuple[str, str]:
    """Schema and table of the model that a test is of."""
    model = nodes()[node["attached_node"]]
    return model["schema"], model["name"]


def parents_of(node: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The relation and column that a relationship leads to, where that is another relation."""
    if node["test_metadata"]["name"] != "relationships":
        return []
    parents = [nodes()[key] for key in node["depends_on"]["nodes"] if key != node["attached_node"]]
    field = node["test_metadata"]["kwargs"]["field"]
    return [(f"{parent['schema']}.{parent['name']}", field) for parent in parents]


def planted(node: Mapping[str, Any]) -> tuple[list[Values], list[list[Values]]]:
    """Sound rows for a test, and rows that break its rule."""
    kind, given = node["test_metadata"]["name"], node["test_metadata"]["kwargs"]
    if kind == "no_rows_where":
        rows = ROW_FAULTS[node["name"]]
        return [rows.sound], [[{**rows.sound, **fault}] for fault in rows.faults]
    columns = given.get("columns") or [given["column_name"]]
    one = {column: f"'{number}'" for number, column in enumerate(columns)}
    emptied = [[{**one, column: "null::varchar"}] for column in columns]
    match kind:
        case "unique_together":
            return [one], [[one, one], *emptied]
        case "unique" | "unique_by":
            return [one], [[one, one]]
        case "not_null":
            return [one], emptied
        case "accepted_values":
            known = f"'{given['values'][0]}'" if given.get("quote", True) else str(given["values"][0])
            unknown = UNHEARD_OF if given.get("quote", True) else "-987654"
            return [{columns[0]: known}], [[{columns[0]: unknown}]]
        case "relationships":
            parent = {given["field"]: "'known'"}
            return [parent | {columns[0]: "'known'"}], [[parent | {columns[0]: UNHEARD_OF}]]
    raise AssertionError(f"no fault is planted for tests of the kind {kind}: write how")


def test_every_condition_has_a_planted_fault_and_every_fault_a_condition() -> None:
    conditions = {
        name for name, node in dbt_tests().items() if node["test_metadata"]["name"] == "no_rows_where"
    }
    assert conditions == ROW_FAULTS.keys()


def test_each_test_is_silent_on_sound_rows_and_finds_each_fault(con: duckdb.DuckDBPyConnection) -> None:
    wrong = []
    for name, node in dbt_tests().items():
        sound, faults = planted(node)
        assert faults, name
        if found(con, node, sound):
            wrong.append(f"{name} finds something in a sound row")
        wrong += [f"{name} misses {rows}" for rows in faults if not found(con, node, rows)]
    assert wrong == []
