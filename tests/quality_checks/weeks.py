"""Weekly values of many scopes, drawn by a seed: noisy, uneven, and without a sudden shift."""

import math
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

COLUMNS = (
    "metric varchar, scope_kind varchar, scope_id varchar, period_grain varchar, period_start date, "
    "value decimal(28, 9), n bigint, unit varchar, is_partial boolean, is_maturing boolean, flags varchar[]"
)
METRICS = {"lead": "seconds", "failures": "ratio", "deployments": "deployments"}
WEEKS, SCOPES = 30, 25
Numbers = npt.NDArray[Any]


def write(con: duckdb.DuckDBPyConnection, *, seed: int) -> None:
    """Write the mart of one seed: busy and quiet scopes, uneven weeks, slow trends."""
    draw = np.random.default_rng(seed)
    week = np.tile(np.arange(WEEKS), SCOPES)
    scope = np.repeat(np.arange(SCOPES), WEEKS)
    events = draw.lognormal(2.5, 1.2, SCOPES)[scope]
    trend = draw.normal(0, 0.02, SCOPES)[scope]
    con.execute("create schema if not exists marts")
    con.execute(f"create or replace table marts.mart_metric_values ({COLUMNS})")
    for metric, unit in METRICS.items():
        n = draw.poisson(events * np.exp(trend * week + draw.normal(0, 0.25, len(week))))
        drawn = pd.DataFrame({"week": week, "scope": scope, "n": n, "value": _values(draw, unit, scope, n)})
        con.register("drawn", drawn)
        con.execute(
            f"""
            insert into marts.mart_metric_values by name
            select
                '{metric}' as metric, 'service' as scope_kind, concat('s', scope) as scope_id,
                'week' as period_grain, date '2026-01-05' + 7 * week::integer as period_start,
                if(n = 0 and '{unit}' != 'deployments', null, value) as value, n, '{unit}' as unit,
                false as is_partial, false as is_maturing, []::varchar[] as flags
            from drawn
            """
        )
        con.unregister("drawn")


def _values(draw: np.random.Generator, unit: str, scope: Numbers, n: Numbers) -> Numbers:
    if unit == "deployments":
        return n.astype(float)
    if unit == "ratio":
        share = draw.beta(2, 12, SCOPES)[scope]
        return np.asarray(draw.binomial(n, share) / np.maximum(n, 1))
    usual = draw.uniform(math.log(3600), math.log(10 * 86400), SCOPES)[scope]
    return np.array([np.median(draw.lognormal(u, 1.3, max(k, 1))) for u, k in zip(usual, n, strict=True)])
