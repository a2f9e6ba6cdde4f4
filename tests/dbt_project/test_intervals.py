"""Exact bounds for counts and ranks for medians."""

import duckdb
import pytest
from scipy.stats import binom

from orchestration.steps.intervals import median_ranks, poisson_bounds, write_interval_tables


def test_poisson_bounds_are_those_of_the_tables() -> None:
    rows = {row["event_count"]: row for row in poisson_bounds(100).to_pylist()}
    assert rows[0]["lower"] == 0
    assert rows[0]["upper"] == pytest.approx(3.6889, abs=1e-4)
    assert (rows[10]["lower"], rows[10]["upper"]) == pytest.approx((4.7954, 18.3904), abs=1e-4)
    assert (rows[100]["lower"], rows[100]["upper"]) == pytest.approx((81.36, 121.63), abs=1e-2)


def test_median_ranks_are_the_narrowest_with_95_percent_on_each_side() -> None:
    for row in median_ranks(200).to_pylist():
        size, lower = row["n"], row["lower_rank"]
        if lower is None:
            assert binom.cdf(0, size, 0.5) > 0.025
            continue
        assert binom.cdf(lower - 1, size, 0.5) <= 0.025
        assert binom.cdf(lower, size, 0.5) > 0.025
        assert row["upper_rank"] == size + 1 - lower


def test_no_ranks_enclose_a_median_of_fewer_than_six() -> None:
    rows = {row["n"]: row["lower_rank"] for row in median_ranks(8).to_pylist()}
    assert rows == {1: None, 2: None, 3: None, 4: None, 5: None, 6: 1, 7: 1, 8: 1}


def test_the_tables_are_written_as_decimals_in_order() -> None:
    con = duckdb.connect(":memory:")
    assert write_interval_tables(con, largest_exact=20) == (21, 20)
    assert con.execute("select typeof(upper) from computed.poisson_bounds limit 1").fetchone() == (
        "DECIMAL(28,9)",
    )
    counts = [row[0] for row in con.execute("select event_count from computed.poisson_bounds").fetchall()]
    assert counts == list(range(21))
