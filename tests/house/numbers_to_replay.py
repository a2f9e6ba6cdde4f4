"""Random numbers of every kind that a workspace has, in fixed shares, the same for the same seed."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import cycle, islice
from typing import Any

import duckdb

from lineage.trace import Asked, Period, View
from lineage.trace.mart_columns import route_of
from orchestration.flow.warehouse import open_warehouse
from orchestration.numbers.tracing import Reader, TraceRequest
from orchestration.workspace import Workspace

READ_AT = datetime(2026, 7, 2, 9, 0, tzinfo=UTC)
_BESIDE = (
    "window",
    "fact",
    "own",
    "flow",
    "wide",
    "response",
    "fact",
    "window",
    "parts",
    "fact",
    "scorecard",
    "own",
)
SHARES = ("metric", *(kind for one in _BESIDE for kind in (one, "metric")))
"""Of 25 numbers; a kind that a workspace has none of leaves its place to the next."""
_METRICS = """
    select metric, scope_kind, scope_id, period_grain, period_start
    from (
        select *, row_number() over (
            partition by metric, scope_kind
            order by n = 0 and hash(scope_id, period_start, $seed) % 10 <> 0,
                hash(scope_id, period_grain, period_start, $seed)
        ) as turn
        from marts.mart_metric_values
        where not list_contains(flags, 'withheld')
    )
    order by turn, hash(metric, scope_kind, $seed)
    limit $most
"""
_SCORECARD = """
    select metric, team_id, period_grain, period_start, normalisation
    from marts.mart_team_scorecard
    where not list_contains(flags, 'withheld')
    order by row_number() over (
        partition by normalisation, not_compared_reason is null
        order by n = 0, hash(metric, team_id, period_start, $seed)
    ), normalisation desc, not_compared_reason is null desc
    limit $most
"""
_WINDOWS = """
    select objective_id, scope_kind, scope_id, window_kind,
        case when window_kind = 'rolling' then window_end_date else window_start_date end
    from marts.mart_slo_attainment
    where withheld_reason is null
    order by row_number() over (
        partition by window_kind, scope_kind, is_composite
        order by hash(objective_id, scope_id, window_ends_at, $seed)
    ), window_kind, scope_kind, is_composite
    limit $most
"""
_OWN = """
    select people.account_token, metrics.metric, changes.deployed_date
    from marts.fct_changes as changes
    inner join intermediate.int_people as people on people.account_token = changes.author_token
    cross join (select metric from marts.dim_metrics where person_scope_sql is not null) as metrics
    where changes.deployed_date is not null
    order by hash(people.account_token, metrics.metric, changes.change_id, $seed)
    limit $most
"""
_GRAINS = {
    "mart_flow_weekly": "week",
    "mart_incident_response": "month",
    "mart_dora_daily": "day",
    "mart_dora_weekly": "week",
    "mart_dora_monthly": "month",
    "mart_dora_quarterly": "quarter",
}
_MARTS = {
    "flow": ("mart_flow_weekly",),
    "response": ("mart_incident_response",),
    "parts": ("mart_lead_time_breakdown",),
    "wide": ("mart_dora_weekly", "mart_dora_monthly", "mart_dora_quarterly", "mart_dora_daily"),
}
_NUMBER = "(data_type like 'DECIMAL%' or data_type in ('BIGINT', 'INTEGER', 'DOUBLE'))"


def numbers_to_replay(
    workspace: Workspace, con: duckdb.DuckDBPyConnection, *, most: int, seed: int
) -> list[tuple[str, TraceRequest]]:
    """Return numbers with their kinds, interleaved by their shares."""
    found = {
        "metric": _metrics(con, most, seed),
        "scorecard": _scorecard(con, most, seed),
        "window": _windows(con, most, seed),
        "fact": _facts(con, most, seed),
        "own": _own(workspace, most, seed),
    } | {kind: _of_marts(con, marts, most, seed) for kind, marts in _MARTS.items()}
    return list(islice(_in_turn(found), most))


def _in_turn(found: Mapping[str, Iterator[TraceRequest]]) -> Iterator[tuple[str, TraceRequest]]:
    left = dict(found)
    for kind in cycle(SHARES):
        if not left:
            return
        one = next(left[kind], None) if kind in left else None
        if one is None:
            left.pop(kind, None)
        else:
            yield kind, one


def _metrics(con: duckdb.DuckDBPyConnection, most: int, seed: int) -> Iterator[TraceRequest]:
    rows = con.execute(_METRICS, {"seed": seed, "most": most}).fetchall()
    for metric, scope_kind, scope_id, grain, start in rows:
        yield _request(metric, f"{scope_kind}:{scope_id}", grain, start)


def _scorecard(con: duckdb.DuckDBPyConnection, most: int, seed: int) -> Iterator[TraceRequest]:
    rows = con.execute(_SCORECARD, {"seed": seed, "most": most}).fetchall()
    for metric, team, grain, start, normalisation in rows:
        yield _request(metric, f"team:{team}", grain, start, normalisation=normalisation)


def _windows(con: duckdb.DuckDBPyConnection, most: int, seed: int) -> Iterator[TraceRequest]:
    rows = con.execute(_WINDOWS, {"seed": seed, "most": most}).fetchall()
    columns = ("attainment_ratio", "budget_spent_ratio", "burn_rate", "gap_slice_count")
    for column, (objective, kind, scope_id, window, day) in zip(cycle(columns), rows, strict=False):
        address = f"marts.mart_slo_attainment.{column}"
        yield _request(address, f"{kind}:{scope_id}", "day", day, objective=objective, window=window)


def _facts(con: duckdb.DuckDBPyConnection, most: int, seed: int) -> Iterator[TraceRequest]:
    marts = [
        name
        for (name,) in con.execute(
            "select table_name from duckdb_tables() where starts_with(table_name, 'fct_') order by 1"
        ).fetchall()
    ]
    keys = {mart: getattr(route_of(mart, "", ()), "key", None) for mart in marts}
    rows = {
        mart: con.execute(
            f"select {key} from marts.{mart} order by hash({key}, $seed) limit $most",
            {"seed": seed, "most": most},
        ).fetchall()
        for mart, key in keys.items()
        if key is not None
    }
    columns = {mart: _columns(con, mart) for mart in rows}
    for turn in range(most):
        for mart in sorted(rows):
            if turn < len(rows[mart]) and columns[mart]:
                column = columns[mart][turn % len(columns[mart])]
                asked = Asked(key=rows[mart][turn][0])
                yield TraceRequest(
                    metric=f"marts.{mart}.{column}", scope="organisation:-", period="0001-01-01", asked=asked
                )


def _columns(con: duckdb.DuckDBPyConnection, mart: str) -> list[str]:
    query = f"select column_name from duckdb_columns() where table_name = $mart and {_NUMBER} order by 1"
    return [name for (name,) in con.execute(query, {"mart": mart}).fetchall()]


def _of_marts(
    con: duckdb.DuckDBPyConnection, marts: tuple[str, ...], most: int, seed: int
) -> Iterator[TraceRequest]:
    metrics = [name for (name,) in con.execute("select metric from marts.dim_metrics").fetchall()]
    for turn in range(most):
        mart = marts[turn % len(marts)]
        columns = [one for one in _columns(con, mart) if _is_traced(mart, one, metrics)]
        column = columns[turn * 7 % len(columns)]
        grain = f"'{_GRAINS[mart]}'" if mart in _GRAINS else "period_grain"
        row = con.execute(
            f"select scope_kind, scope_id, {grain}, period_start from marts.{mart} "
            f'where withheld_reason is null and "{column}" is not null '
            f'order by "{column}" = 0, hash(scope_id, period_start, $seed) limit 1 offset $turn',
            {"seed": seed, "turn": turn},
        ).fetchone()
        if row is not None:
            scope_kind, scope_id, period_grain, start = row
            yield _request(f"marts.{mart}.{column}", f"{scope_kind}:{scope_id}", period_grain, start)


def _is_traced(mart: str, column: str, metrics: list[str]) -> bool:
    return type(route_of(mart, column, metrics)).__name__ not in ("NoneType", "NotTraced")


def _own(workspace: Workspace, most: int, seed: int) -> Iterator[TraceRequest]:
    """Numbers of people, as an auditor reads them."""
    with open_warehouse(workspace.warehouse, is_read_only=True) as warehouse:
        rows = warehouse.execute(_OWN, {"seed": seed, "most": most}).fetchall()
    with duckdb.connect(str(workspace.vault), read_only=True) as vault:
        known = vault.execute(
            "select account_token, min(account_key) from account_tokens group by 1"
        ).fetchall()
    keys = dict(known)
    for token, metric, day in rows:
        reader = Reader(view=View.AUDITOR, account="github:auditor", at=READ_AT)
        yield TraceRequest(metric=metric, scope=f"person:{keys[token]}", period=f"{day:%Y-%m}", reader=reader)


def _request(metric: str, scope: str, grain: str, start: date, **asked: Any) -> TraceRequest:
    return TraceRequest(metric=metric, scope=scope, period=str(Period(grain, start)), asked=Asked(**asked))
