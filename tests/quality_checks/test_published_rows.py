"""A publication that says something else than the warehouse is found out, whichever file of it does."""

from pathlib import Path

import duckdb
import pytest

from quality_checks import check_publication, publication_declarations
from tests.quality_checks.faults import PUBLICATION_FAULTS, Fault

FLAT = ("mart_metric_values", "mart_dora_monthly")


@pytest.fixture
def publication(warehouse: duckdb.DuckDBPyConnection, tmp_path: Path) -> Path:
    """A folder as publishing writes it, from the sound warehouse."""
    folder = tmp_path / "20260301T000000Z"
    (folder / "marts").mkdir(parents=True)
    warehouse.execute(f"attach '{folder / 'analyst.duckdb'}' as analyst")
    warehouse.execute("create schema analyst.marts")
    tables = warehouse.execute(
        "select table_name from duckdb_tables() where schema_name = 'marts'"
    ).fetchall()
    for (name,) in tables:
        warehouse.execute(f"create table analyst.marts.{name} as from marts.{name}")
    for name in FLAT:
        file = folder / "marts" / name
        warehouse.execute(f"copy (from analyst.marts.{name}) to '{file}.parquet'")
        warehouse.execute(f"copy (from analyst.marts.{name}) to '{file}.csv'")
    warehouse.execute("detach analyst")
    return folder


def spoil(folder: Path, sql: str) -> None:
    """Run a statement on the analysts' database and on the files beside it."""
    with duckdb.connect(str(folder / "analyst.duckdb")) as con:
        con.execute(sql.format(folder=folder / "marts"))


def red(con: duckdb.DuckDBPyConnection, folder: Path) -> list[str]:
    return [result.name for result in check_publication(con, folder) if not result.is_passed]


def test_a_sound_publication_is_green(warehouse: duckdb.DuckDBPyConnection, publication: Path) -> None:
    results = check_publication(warehouse, publication)

    assert [result for result in results if not result.is_passed] == []
    assert {result.scope for result in results} == {"publication 20260301T000000Z"}
    assert [(r.name, r.subject) for r in results] == [(d.name, d.subject) for d in publication_declarations()]


def test_every_check_of_a_publication_has_a_planted_fault() -> None:
    assert {d.name for d in publication_declarations()} == {fault.check for fault in PUBLICATION_FAULTS}


@pytest.mark.parametrize("fault", [pytest.param(f, id=f"{f.check}: {f.says}") for f in PUBLICATION_FAULTS])
def test_a_planted_fault_turns_its_check_red(
    warehouse: duckdb.DuckDBPyConnection, publication: Path, fault: Fault
) -> None:
    spoil(publication, fault.sql)

    assert fault.check in red(warehouse, publication)


def test_what_the_gate_withholds_is_no_difference(
    warehouse: duckdb.DuckDBPyConnection, publication: Path
) -> None:
    spoil(
        publication,
        """
        update marts.mart_metric_values
        set value = null, numerator = null, denominator = null, n = null, interval_low = null,
            interval_high = null, flags = ['withheld']
        where n < 2;
        delete from marts.mart_metric_values where metric = 'change_fail_rate';
        update marts.mart_dora_monthly set change_fail_rate = null, change_fail_rate_n = null;
        """,
    )

    assert red(warehouse, publication) == ["files_equal_the_database"]


def test_periods_and_scopes_beside_a_small_team_show_their_numbers(
    warehouse: duckdb.DuckDBPyConnection, publication: Path
) -> None:
    of_team = "'changes_deployed' as metric, 'team' as scope_kind, 3 as n"
    for name, more in (
        (
            "mart_metric_values",
            "'payments' as scope_id, 'month' as period_grain, date '2026-01-01' as period_start",
        ),
        (
            "mart_metric_values",
            "'commerce' as scope_id, 'month' as period_grain, date '2026-02-01' as period_start",
        ),
    ):
        spoil(publication, f"insert into marts.{name} by name select {of_team}, {more}")

    assert "small_teams_show_no_number" not in red(warehouse, publication)


def test_a_publication_can_be_checked_while_the_warehouse_is_only_read(
    warehouse: duckdb.DuckDBPyConnection, publication: Path
) -> None:
    (path,) = warehouse.execute("select path from duckdb_databases() where not internal").fetchone() or ("",)
    warehouse.close()

    with duckdb.connect(path, read_only=True) as con:
        assert red(con, publication) == []
