"""Forming the values of a metric again from its facts, with one thread and with eight.

The mart lays facts out over scopes and periods by its own models. Here the definition alone is asked: its
relation, filter, event time and formula, as `dim_metrics` states them. What comes out must equal the mart
exactly, however many threads take part.
"""

from collections.abc import Mapping
from typing import Any

import duckdb

from governance.circumstances import Recomputation
from governance.predicates import THREADS

# The facts of each team are found once; then each fact falls into one period of each length.
_DIFFERING = """
with cells as (
    select scope_id, period_grain, period_start, period_end, value, numerator, denominator, n
    from {catalog}.marts.mart_metric_values
    where metric = $metric and scope_kind = 'team' and value is not null
),
teams as (select distinct scope_id as team_scope_id from cells),
facts as (
    select fact.*, teams.team_scope_id
    from teams
    inner join {catalog}.{fact_relation} as fact on {scope}
    where ({filter_sql}) and fact.{event_at_column} is not null
),
placed as (
    select facts.*, grains.period_grain
    from facts
    cross join (select distinct period_grain from cells) as grains
),
formed as (
    select
        team_scope_id as scope_id,
        period_grain,
        cast(date_trunc(period_grain, {event_at_column}) as date) as period_start,
        cast({value_sql} as decimal(28, 9)) as value,
        cast({numerator_sql} as bigint) as numerator,
        cast({denominator_sql} as bigint) as denominator,
        cast({n_sql} as bigint) as n
    from placed
    group by all
),
compared as (
    select
        cells.scope_id,
        cells.period_grain,
        cells.period_start,
        -- a period without facts counts nothing, and has no other value
        cells.value is distinct from coalesce(formed.value, {empty})
            or cells.numerator is distinct from coalesce(formed.numerator, {empty_count})
            or cells.denominator is distinct from coalesce(formed.denominator, {empty_denominator})
            or cells.n is distinct from coalesce(formed.n, 0)
            or cells.period_end is distinct from cast(
                cells.period_start + case cells.period_grain
                    when 'day' then interval 1 day
                    when 'week' then interval 7 days
                    when 'month' then interval 1 month
                    when 'quarter' then interval 3 months
                end as date
            ) as is_different
    from cells
    left join formed using (scope_id, period_grain, period_start)
)
select
    count(*),
    count(*) filter (where is_different),
    min(format('team:{{}} {{}} {{}}', scope_id, period_grain, period_start)) filter (where is_different)
from compared
"""
_ANY_SCOPE = "$scope_id"


def recompute_cells(
    con: duckdb.DuckDBPyConnection, catalog: str, definition: Mapping[str, Any]
) -> Recomputation:
    """Form every team's values of a metric again and count those that differ from the mart.

    Args:
        con: Where the warehouse is attached; its number of threads is as before afterwards.
        catalog: The warehouse's name there.
        definition: The metric's row of `dim_metrics`.

    Raises:
        duckdb.Error: the definition cannot be computed over the warehouse.
        KeyError: the definition lacks a part.
    """
    query = _query(catalog, definition)
    before = con.execute("select current_setting('threads')").fetchone()
    differing, cells, example = {}, 0, ""
    try:
        for threads in THREADS:
            con.execute(f"set threads = {threads}")
            row = con.execute(query, {"metric": definition["metric"]}).fetchone() or (0, 0, None)
            cells, differing[threads] = int(row[0]), int(row[1])
            example = example or row[2] or ""
    finally:
        con.execute(f"set threads = {int(before[0]) if before else 1}")
    return Recomputation(cells, differing, example)


def _query(catalog: str, definition: Mapping[str, Any]) -> str:
    is_count = definition["measure_kind"] in {"count", "count_distinct"}
    is_ratio = definition["measure_kind"] == "ratio"
    return _DIFFERING.format(
        catalog=catalog,
        fact_relation=definition["fact_relation"],
        filter_sql=definition["filter_sql"],
        event_at_column=definition["event_at_column"],
        scope=str(definition["team_scope_sql"]).replace(_ANY_SCOPE, "teams.team_scope_id"),
        value_sql=definition["value_sql"],
        n_sql=definition["n_sql"],
        numerator_sql=definition["numerator_sql"] or "null",
        denominator_sql=definition["denominator_sql"] or "null",
        empty="0" if is_count else "null",
        empty_count="0" if is_count or is_ratio else "null",
        empty_denominator="0" if is_ratio else "null",
    )
