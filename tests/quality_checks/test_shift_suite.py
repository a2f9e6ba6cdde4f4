"""Sudden shifts of a scope's newest week: found where planted, and in no clean data of any seed."""

from collections.abc import Iterator

import duckdb
import pytest

from quality_checks.expectations import run_suites
from quality_checks.shift_suite import METRIC_SHIFTS
from tests.quality_checks import weeks

NEWEST = "period_start = (select max(period_start) from marts.mart_metric_values)"


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        weeks.write(made, seed=1)
        yield made


def worst(con: duckdb.DuckDBPyConnection) -> tuple[int, float]:
    row = con.execute(f"select count(*), max(deviation) from ({METRIC_SHIFTS.slice_sql})").fetchone()
    assert row is not None
    return row[0], row[1] or 0.0


def busiest(con: duckdb.DuckDBPyConnection) -> str:
    row = con.execute(
        "select scope_id from marts.mart_metric_values group by scope_id order by median(n) desc limit 1"
    ).fetchone()
    assert row is not None
    return str(row[0])


def test_clean_weeks_of_fifty_seeds_give_no_alarm() -> None:
    compared = 0
    with duckdb.connect() as con:
        for seed in range(50):
            weeks.write(con, seed=seed)
            count, deviation = worst(con)
            compared += count
            assert deviation <= 1, seed
    assert compared > 1000


@pytest.mark.parametrize(
    ("metric", "change"),
    [
        ("lead", "value = value * 1000"),
        ("lead", "value = value / 60"),
        ("failures", "value = 1 - value"),
        ("deployments", "value = value * 10, n = n * 10"),
        ("deployments", "value = 0, n = 0"),
    ],
)
def test_a_planted_shift_turns_the_check_red_and_names_the_cell(
    con: duckdb.DuckDBPyConnection, metric: str, change: str
) -> None:
    scope = busiest(con)
    con.execute(
        f"update marts.mart_metric_values set {change} "
        f"where {NEWEST} and metric = '{metric}' and scope_id = '{scope}'"
    )
    (result,) = run_suites(con, [METRIC_SHIFTS], scope="all")
    assert not result.is_passed
    assert result.severity == "warning"
    assert [offender.split(" 20")[0] for offender in result.offenders] == [f"{metric} service {scope}"]


def test_clean_weeks_are_green(con: duckdb.DuckDBPyConnection) -> None:
    (result,) = run_suites(con, [METRIC_SHIFTS], scope="all")
    assert result.is_passed


@pytest.mark.parametrize(
    "unripe",
    [
        f"update marts.mart_metric_values set is_partial = true where {NEWEST}",
        f"update marts.mart_metric_values set is_maturing = true where {NEWEST}",
        f"update marts.mart_metric_values set flags = ['withheld'] where {NEWEST}",
        "delete from marts.mart_metric_values where period_start < date '2026-06-01'",
    ],
    ids=["a week that goes on", "a week that may change", "a withheld week", "few weeks"],
)
def test_what_cannot_be_compared_says_nothing(con: duckdb.DuckDBPyConnection, unripe: str) -> None:
    con.execute(
        f"update marts.mart_metric_values set value = value * 1000 where {NEWEST} and metric = 'lead'"
    )
    assert worst(con)[1] > 1
    con.execute(unripe)
    assert worst(con)[1] <= 1
