"""A team's number beside its peers, formed again: the rate, its interval, and where the team stands.

The peers are the rows of the same scorecard, metric, period and group that may be compared, and no others.
Everything down to the score is whole numbers and DECIMAL; the shrunken estimate is one expression over
exact sums (docs/scorecard.md; Marshall, Applied Statistics 40, 1991). What the model forms in its own
steps is formed here from the published rows.
"""

import difflib
from collections.abc import Mapping
from datetime import date
from typing import Any

import duckdb

from lineage.errors import CellNotFoundError, TraceInputError
from lineage.trace.cells import has_table
from lineage.trace.document import FormedAgain, Peer, TeamComparison, TracedCell
from lineage.trace.queries import run_query

NORMALISATIONS = ("none", "per_100_fte_days", "per_100_service_days")
_SHOWN = (
    "peer_group, team_size, fte_days, service_days, not_compared_reason, context_windows, baseline_value, "
    "baseline_period_start, unit, value, interval_low, interval_high, numerator, denominator, n, flags, "
    "peer_count, peer_median, peer_deviation, peer_score, peer_position, own_share, shrunken_value"
)
_FORMED = (
    "peer_count",
    "peer_median",
    "peer_deviation",
    "peer_score",
    "peer_position",
    "own_share",
    "shrunken_value",
)
_EXPOSURE = """case normalisation
    when 'per_100_fte_days' then nullif(fte_days, 0)
    when 'per_100_service_days' then nullif(cast(service_days as decimal(18, 4)), 0)
end"""
_RATE = """cast(cast(
    (2000000 * cast({amount} * 1000000000 as hugeint) + cast({days} * 10000 as hugeint))
    // nullif(2 * cast({days} * 10000 as hugeint), 0)
as decimal(28, 0)) * 0.000000001 as decimal(28, 9))"""
_PLACEMENT = f"""
with compared as (
    select
        *,
        cast(value * 1000000000 as hugeint) as units,
        cast((interval_high - interval_low) * 1000000000 as hugeint) as width_units,
        {_EXPOSURE} as exposure_days,
        coalesce({_EXPOSURE}, cast(denominator as decimal(18, 4))) as weight
    from marts.mart_team_scorecard
    where metric = $metric and profile = $profile and normalisation = $normalisation and period_grain = $grain
        and period_start = $start and peer_group = $peer_group and not_compared_reason is null
),
medians as (
    select list_transform([list_sort(list(units))], lambda v: v[(len(v) + 1) // 2] + v[len(v) // 2 + 1])[1]
        as twice_median
    from compared
),
distances as (
    select *, abs(2 * units - twice_median) as twice_distance from compared cross join medians
),
terms as (
    select
        *,
        case when $is_median = 1
            then cast(pow(twice_distance / 2000000000, 2) as decimal(28, 9))
            else cast(cast(
                (2 * 1000000000 * cast((cast(numerator as hugeint) * numerator * 10000) as hugeint)
                    + cast(weight * 10000 as hugeint)) // nullif(2 * cast(weight * 10000 as hugeint), 0)
            as decimal(28, 0)) * 0.000000001 as decimal(28, 9))
        end as square,
        case when $is_median = 1
            then cast(pow(width_units / 3919927969.080108, 2) as decimal(28, 9)) end as error
    from distances
),
summed as (
    select
        count(*) as peer_count,
        max(twice_median) as twice_median,
        list_transform(
            [list_sort(list(twice_distance))], lambda v: v[(len(v) + 1) // 2] + v[len(v) // 2 + 1]
        )[1] as four_times_deviation,
        cast(sum(cast(numerator as decimal(28, 0))) as bigint) as amount_sum,
        sum(cast(weight as decimal(28, 4))) as weight_sum,
        sum(cast(square as decimal(28, 9))) as square_sum,
        sum(cast(error as decimal(28, 9))) as error_sum
    from terms
),
pooled as (
    select *, cast(amount_sum as double) / weight_sum as pooled from summed
),
varied as (
    select *, pooled * case when $is_ratio = 1 then 1 - pooled else 1 end as event_variance from pooled
),
spread as (
    select
        *,
        case when $is_median = 1 then cast(twice_median as double) / 2000000000
            else pooled * if($normalisation = 'none', 1, 100) end as centre,
        greatest(0.0, case when $is_median = 1
            then (cast(square_sum as double) / (peer_count - 1)) - (cast(error_sum as double) / peer_count)
            else (cast(square_sum as double) - pooled * amount_sum) / weight_sum
                - event_variance * peer_count / weight_sum
        end) as between_variance
    from varied
),
placed as (
    select
        spread.*,
        own.* exclude (peer_count),
        cast(
            cast((spread.twice_median + 1) // 2 as decimal(28, 0)) * 0.000000001 as decimal(28, 9)
        ) as median,
        10000 * (2 * own.units - spread.twice_median) as above,
        7413 * spread.four_times_deviation as scale,
        case when $is_median = 1
            then pow(cast(own.interval_high - own.interval_low as double) / 3.919927969080108, 2)
            else spread.event_variance / coalesce(own.exposure_days, own.denominator)
        end as error_variance
    from spread
    cross join (select * exclude (team_id) from compared where team_id = $team) as own
),
shared as (
    select
        *,
        case
            when $is_median = 1 and error_variance = 0 then 1.0
            when between_variance = 0 then 0.0
            else between_variance / (between_variance + error_variance)
        end as share
    from placed
)
select
    peer_count,
    median,
    cast(cast((four_times_deviation + 2) // 4 as decimal(28, 0)) * 0.000000001 as decimal(28, 9)),
    cast(sign(above) * cast(cast(
        (2 * 1000000000 * cast(abs(above) as hugeint) + scale) // nullif(2 * scale, 0)
    as decimal(28, 0)) * 0.000000001 as decimal(28, 9)) as decimal(28, 9)),
    case
        when interval_low > median then 'above'
        when interval_high < median then 'below'
        else 'not_told_apart'
    end,
    cast(share as decimal(28, 9)),
    cast(centre + share * (cast(value as double) - centre) as decimal(28, 9))
from shared
"""


def find_team_cell(
    con: duckdb.DuckDBPyConnection, plain: TracedCell, normalisation: str, *, measure_kind: str
) -> tuple[TracedCell, TeamComparison]:
    """Return a team's cell as the scorecard has it, with its peers and everything formed again.

    Args:
        con: a publication's database, or a warehouse.
        plain: the metric's own cell of the team: what a rate divides.
        normalisation: `none`, `per_100_fte_days` or `per_100_service_days`.
        measure_kind: the metric's, as `dim_metrics` has it.

    Raises:
        CellNotFoundError: the scorecard has no such row.
        TraceInputError: the row is withheld, or the database has no scorecard.
    """
    row = _row(con, plain, normalisation)
    if "withheld" in row["flags"]:
        raise TraceInputError(
            f"{plain.metric} {normalisation} of team {plain.scope_id} is withheld: the team, or what is "
            f"left of it "
            "without the teams below it, has fewer people than the workspace's minimum team size"
        )
    formed = _formed(con, plain, row, normalisation, measure_kind)
    comparison = TeamComparison(
        normalisation=normalisation,
        peer_group=row["peer_group"],
        team_size=row["team_size"],
        fte_days=row["fte_days"],
        service_days=row["service_days"],
        counted=plain.value,
        not_compared_reason=row["not_compared_reason"],
        peers=_peers(con, plain, row, normalisation) if row["not_compared_reason"] is None else (),
        formed=formed,
        context_windows=tuple(row["context_windows"] or ()),
        baseline_value=row["baseline_value"],
        baseline_period_start=row["baseline_period_start"],
    )
    return _cell(plain, row), comparison


def _row(con: duckdb.DuckDBPyConnection, plain: TracedCell, normalisation: str) -> Mapping[str, Any]:
    if normalisation not in NORMALISATIONS:
        near = difflib.get_close_matches(normalisation, NORMALISATIONS, n=1)
        raise CellNotFoundError(
            f"{normalisation!r} is no way of dividing", suggestions=near, available=NORMALISATIONS
        )
    if not has_table(con, "marts", "mart_team_scorecard"):
        raise TraceInputError("this database has no scorecard; trace a publication's analyst.duckdb")
    rows = run_query(
        con,
        f"select {_SHOWN} from marts.mart_team_scorecard where metric = $metric and profile = $profile "
        "and team_id = $team and period_grain = $grain and period_start = $start and normalisation = "
        "$normalisation",
        **_names(plain, normalisation),
    )
    if not rows:
        raise CellNotFoundError(
            f"the scorecard has no {plain.metric} {normalisation} of {plain.scope_kind}:{plain.scope_id} "
            f"in this "
            "period: it has teams, months and quarters, and rates only of counts that may be compared"
        )
    return dict(zip(_SHOWN.split(", "), rows[0], strict=True))


def _names(plain: TracedCell, normalisation: str) -> dict[str, str | date]:
    return {
        "metric": plain.metric,
        "profile": plain.profile,
        "team": plain.scope_id if plain.scope_kind == "team" else "",
        "grain": plain.period_grain,
        "start": plain.period_start,
        "normalisation": normalisation,
    }


def _cell(plain: TracedCell, row: Mapping[str, Any]) -> TracedCell:
    return TracedCell(
        metric=plain.metric,
        metric_version=plain.metric_version,
        profile=plain.profile,
        scope_kind=plain.scope_kind,
        scope_id=plain.scope_id,
        period_grain=plain.period_grain,
        period_start=plain.period_start,
        period_end=plain.period_end,
        value=row["value"],
        numerator=row["numerator"],
        denominator=row["denominator"],
        n=row["n"],
        interval_low=row["interval_low"],
        interval_high=row["interval_high"],
        unit=row["unit"],
        is_partial=plain.is_partial,
        is_maturing=plain.is_maturing,
        flags=tuple(row["flags"] or ()),
    )


def _formed(
    con: duckdb.DuckDBPyConnection,
    plain: TracedCell,
    row: Mapping[str, Any],
    normalisation: str,
    measure_kind: str,
) -> tuple[FormedAgain, ...]:
    names = ("value", "interval_low", "interval_high")
    amounts = [getattr(plain, name) for name in names]
    rates = amounts if normalisation == "none" else _rates(con, amounts, row, normalisation)
    formed = [FormedAgain(name, row[name], rate) for name, rate in zip(names, rates, strict=True)]
    if row["not_compared_reason"] is not None:
        return tuple(formed)
    placed = run_query(
        con,
        _PLACEMENT,
        **_names(plain, normalisation),
        peer_group=row["peer_group"],
        is_median=int(measure_kind == "median"),
        is_ratio=int(measure_kind == "ratio"),
    )
    values = placed[0] if placed else (None,) * len(_FORMED)
    formed += [FormedAgain(name, row[name], value) for name, value in zip(_FORMED, values, strict=True)]
    return tuple(formed)


def _rates(
    con: duckdb.DuckDBPyConnection, amounts: list[Any], row: Mapping[str, Any], normalisation: str
) -> tuple[Any, ...]:
    days = row["fte_days"] if normalisation == "per_100_fte_days" else row["service_days"]
    days_sql = f"cast('{days}' as decimal(18, 4))" if days else "cast(null as decimal(18, 4))"
    rates = [
        _RATE.format(
            amount="cast(null as decimal(28, 9))" if one is None else f"cast('{one}' as decimal(28, 9))",
            days=days_sql,
        )
        for one in amounts
    ]
    return run_query(con, f"select {', '.join(rates)}")[0]


def _peers(
    con: duckdb.DuckDBPyConnection, plain: TracedCell, row: Mapping[str, Any], normalisation: str
) -> tuple[Peer, ...]:
    found = run_query(
        con,
        "select team_id, value, interval_low, interval_high, team_id = $team from marts.mart_team_scorecard "
        "where metric = $metric and profile = $profile and normalisation = $normalisation "
        "and period_grain = $grain and period_start = $start and peer_group = $peer_group "
        "and not_compared_reason is null order by value, team_id",
        **_names(plain, normalisation),
        peer_group=row["peer_group"],
    )
    return tuple(Peer(*values) for values in found)
