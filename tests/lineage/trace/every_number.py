"""One number of each kind that a database publishes: metrics by scope and grain, numeric columns of marts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import duckdb

from lineage.trace import Asked
from lineage.trace.mart_columns import NotTraced, OfFact, Route, route_of

_IS_NUMBER = (
    "regexp_matches(data_type, '^(DECIMAL.*|U?[A-Z]*INT[A-Z]*|DOUBLE)$') and data_type not like '%[]'"
)
_GRAINS = {"daily": "day", "weekly": "week", "monthly": "month", "quarterly": "quarter"}


@dataclass(frozen=True, slots=True)
class Number:
    """What names a number."""

    metric: str
    scope_kind: str
    scope_id: str
    grain: str
    start: date
    asked: Asked


def numeric_columns(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """Every mart and column that holds numbers."""
    return con.execute(
        f"select table_name, column_name from duckdb_columns() where schema_name = 'marts' and {_IS_NUMBER} "
        "order by table_name, column_index"
    ).fetchall()


def routes(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], Route | None]:
    """How each of them is traced."""
    metrics = {metric for (metric,) in con.execute("select metric from marts.dim_metrics").fetchall()}
    return {pair: route_of(*pair, metrics) for pair in numeric_columns(con)}


def metric_numbers(con: duckdb.DuckDBPyConnection) -> Iterator[Number]:
    """One cell of each metric, kind of scope and grain: the one with the most events."""
    for row in con.execute(
        "select metric, scope_kind, arg_max(scope_id, (n, scope_id)), period_grain, "
        "arg_max(period_start, (n, scope_id)) from marts.mart_metric_values "
        "where not list_contains(flags, 'withheld') group by all order by 1, 2, 4"
    ).fetchall():
        yield Number(*row, asked=Asked())


def column_numbers(con: duckdb.DuckDBPyConnection) -> Iterator[Number]:
    """Up to two numbers of each numeric column that is traced as something of a scope."""
    for (mart, column), route in routes(con).items():
        address = f"marts.{mart}.{column}"
        if isinstance(route, NotTraced):
            continue
        if isinstance(route, OfFact):
            yield from _of_facts(con, mart, column, route)
        elif mart == "mart_team_scorecard":
            yield from _of_teams(con, address)
        elif mart == "mart_slo_attainment":
            yield from _of_windows(con, address)
        else:
            yield from _of_wide(con, mart, column)


def _of_facts(con: duckdb.DuckDBPyConnection, mart: str, column: str, route: OfFact) -> Iterator[Number]:
    for (key,) in con.execute(
        f'select {route.key} from marts.{mart} where "{column}" is not null order by 1 limit 1'
    ).fetchall():
        yield Number(
            f"{mart}.{column}", "organisation", "-", "day", date(2026, 1, 1), asked=Asked(key=str(key))
        )


def _of_teams(con: duckdb.DuckDBPyConnection, address: str) -> Iterator[Number]:
    for metric, normalisation, team, grain, start in con.execute(
        "select metric, normalisation, arg_max(team_id, n), period_grain, arg_max(period_start, n) "
        "from marts.mart_team_scorecard where value is not null group by all order by all"
    ).fetchall():
        if address.endswith(".value"):
            asked = Asked(metric=metric, normalisation=normalisation)
            yield Number(address, "team", team, grain, start, asked=asked)


def _of_windows(con: duckdb.DuckDBPyConnection, address: str) -> Iterator[Number]:
    for objective, kind, scope, window, first, last in con.execute(
        "select objective_id, scope_kind, min(scope_id), window_kind, max(window_start_date), "
        "max(window_end_date) "
        "from marts.mart_slo_attainment where withheld_reason is null and total_count is not null "
        "group by all order by all"
    ).fetchall():
        day = last if window == "rolling" else first
        asked = Asked(objective=objective, window=window)
        found = con.execute(
            "select count(*) from marts.mart_slo_attainment where objective_id = ? and scope_kind = ? "
            "and scope_id = ? and window_kind = ? and window_start_date = ? and window_end_date = ? "
            "and withheld_reason is null",
            [objective, kind, scope, window, first, last],
        ).fetchone()
        if found == (1,):
            yield Number(address, kind, scope, "day", day, asked=asked)


def _of_wide(con: duckdb.DuckDBPyConnection, mart: str, column: str) -> Iterator[Number]:
    columns = {
        name
        for (name,) in con.execute(
            "select column_name from duckdb_columns() where schema_name = 'marts' and table_name = ?", [mart]
        ).fetchall()
    }
    ending = mart.rpartition("_")[2]
    grain = "period_grain" if "period_grain" in columns else f"'{_GRAINS.get(ending, 'month')}'"
    metric = {"mart_metric_values": "metric", "mart_profile_comparison": "dora_2026_metric"}.get(mart, "null")
    shown = (
        "withheld_reason is null" if "withheld_reason" in columns else "not list_contains(flags, 'withheld')"
    )
    for kind, scope, grain_of_row, start, row_metric in con.execute(
        f"select scope_kind, scope_id, {grain}, period_start, {metric} from marts.{mart} "
        f"where {shown} and {column} is not null order by hash(scope_id, period_start) limit 2"
    ).fetchall():
        yield Number(
            f"marts.{mart}.{column}", kind, scope, grain_of_row, start, asked=Asked(metric=row_metric)
        )
