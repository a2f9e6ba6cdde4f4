"""Exact 95 % bounds that SQL cannot compute: Poisson bounds for counts, and the ranks that enclose a median.

DEFINITIONS §6. The tables end at `LARGEST_EXACT`; above it the models continue with the usual approximations,
whose error there is below one in ten thousand of the bound.
"""

import duckdb
import numpy as np
import pyarrow as pa
from scipy.stats import binom, chi2

LARGEST_EXACT = 10_000
TAIL = 0.025

WRITE_POISSON = """
    create or replace table computed.poisson_bounds as
    select event_count, cast(lower as decimal(28, 9)) as lower, cast(upper as decimal(28, 9)) as upper
    from exact_bounds
    order by event_count
"""
WRITE_RANKS = """
    create or replace table computed.median_ranks as
    select n, lower_rank, upper_rank from exact_ranks order by n
"""


def write_interval_tables(
    connection: duckdb.DuckDBPyConnection, *, largest_exact: int = LARGEST_EXACT
) -> tuple[int, int]:
    """Fill `computed.poisson_bounds` and `computed.median_ranks`; returns their row counts."""
    connection.execute("create schema if not exists computed")
    bounds, ranks = poisson_bounds(largest_exact), median_ranks(largest_exact)
    connection.register("exact_bounds", bounds)
    connection.register("exact_ranks", ranks)
    connection.execute(WRITE_POISSON)
    connection.execute(WRITE_RANKS)
    connection.unregister("exact_bounds")
    connection.unregister("exact_ranks")
    return bounds.num_rows, ranks.num_rows


def poisson_bounds(largest: int) -> pa.Table:
    """Garwood's exact bounds of the mean for 0 to `largest` events: `event_count`, `lower`, `upper`.

    lower = chi2(0.025, 2k) / 2, zero for no event; upper = chi2(0.975, 2k + 2) / 2 (Biometrika 28, 1936).
    """
    counts = np.arange(largest + 1, dtype=np.int64)
    lower = np.zeros(largest + 1)
    lower[1:] = chi2.ppf(TAIL, 2 * counts[1:]) / 2
    upper = chi2.isf(TAIL, 2 * counts + 2) / 2
    return pa.table({"event_count": counts, "lower": lower, "upper": upper})


def median_ranks(largest: int) -> pa.Table:
    """For a sorted sample of n: the ranks (from 1) that enclose the median with at least 95 % confidence.

    The lower rank is the largest r with P(Binomial(n, 1/2) < r) <= 2.5 %, the upper one is its mirror image;
    below six values no such pair exists and both are empty (David and Nagaraja, Order Statistics, §7.1).
    """
    sizes = np.arange(1, largest + 1, dtype=np.int64)
    lower = binom.ppf(TAIL, sizes, 0.5).astype(np.int64)
    lower += binom.cdf(lower, sizes, 0.5) <= TAIL
    is_missing = lower < 1
    return pa.table(
        {
            "n": sizes,
            "lower_rank": pa.array(lower, pa.int64(), mask=is_missing),
            "upper_rank": pa.array(sizes - lower + 1, pa.int64(), mask=is_missing),
        }
    )
