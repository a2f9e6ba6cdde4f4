"""Results of the checks in the warehouse: what was said comes back, and an older table gives way."""

import duckdb
import pytest

from quality_checks.repairs import RUN
from quality_checks.results import CheckResult
from quality_checks.stored_results import RESULTS, create_results, read_results, write_results

RED = CheckResult(
    name="reviews_are_conserved",
    subject="marts.fct_reviews",
    layer="facts",
    severity="blocking",
    is_passed=False,
    observed="1 reviews",
    expected="2 reviews",
    scope="coverage 2026-01-01 to 2026-02-01",
    offenders=("github:github:review:7: 0 instead of 1",),
    offender_count=1,
    message="Every review of staging arrives. 1 differ.",
    remedy="Rebuild.",
    owner="data engineering",
    measure="reviews",
    expected_total=2,
    observed_total=1,
    tolerance=0,
    rule="equal",
    left_relations=("staging.stg_github__reviews",),
    right_relations=("marts.fct_reviews",),
    repairs=(RUN,),
)


@pytest.fixture
def con() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


def test_what_the_checks_said_comes_back(con: duckdb.DuckDBPyConnection) -> None:
    write_results(con, [RED, RED])
    write_results(con, [RED])
    create_results(con)  # as each run does before it builds
    assert read_results(con) == [RED]


def test_a_table_of_an_older_version_gives_way(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"create schema quality; create table {RESULTS} as select 'old' as name")
    create_results(con)
    assert read_results(con) == []
    write_results(con, [RED])
    assert read_results(con) == [RED]
