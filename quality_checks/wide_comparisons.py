"""Marts that show a number a second time, against where it comes from: what was not made again shows."""

from collections.abc import Iterable
from typing import Final

from quality_checks.comparisons import Comparison
from quality_checks.fact_comparisons import REBUILD
from quality_checks.offending_rows import no_row_offends

_LONG: Final = "marts.mart_metric_values"
_FLOW: Final = (
    "throughput",
    "issue_cycle_time",
    "issue_cycle_time_p75",
    "issue_cycle_time_p90",
    "issue_cycle_time_business",
    "flow_efficiency",
    "reopened_share",
    "unseen_work_share",
    "production_defects_opened",
    "pull_requests_merged",
    "time_to_first_review",
    "pull_request_size",
    "review_rounds_p75",
    "unreviewed_merge_share",
    "unlinked_change_share",
)
_RESPONSE: Final = (
    "incidents_detected",
    "incidents_open",
    "time_to_detect",
    "time_to_acknowledge",
    "time_to_mitigate",
    "time_to_resolve",
    "time_to_resolve_p90",
)


def _as_in_the_long(relation: str, grain: str, metrics: Iterable[str]) -> Comparison:
    """Every value but zeros, of which the long table has no row before a scope's first deployment."""
    columns = "scope_kind, scope_id, period_start"
    wide = " union all ".join(
        f"select '{metric}' as metric, {columns}, {metric} as value from {relation}" for metric in metrics
    )
    item = f"concat_ws(' ', metric, {columns}) as item, round(value * 1000000)::hugeint as value"
    return Comparison(
        name="shown_values_equal_long_ones",
        subjects=(relation,),
        layer="marts",
        sentence="The table shows the values of the long one, each in its own column and period.",
        left=f"""
            select {item} from {_LONG}
            where period_grain = '{grain}' and metric in {tuple(metrics)} and value <> 0
        """,
        right=f"select {item} from ({wide}) where value <> 0",
        measure="millionths",
        remedy=REBUILD,
    )


_SCORECARD: Final = Comparison(
    name="scorecards_show_the_values_of_teams",
    subjects=("marts.mart_team_scorecard",),
    layer="marts",
    sentence="What a scorecard does not divide by anything is the team's value of the long table.",
    left="""
        select
            concat_ws(' ', metric, team_id, period_grain, period_start) as item,
            round(value * 1000000)::hugeint as value
        from marts.mart_team_scorecard
        where normalisation = 'none' and value is not null
    """,
    right=f"""
        select
            concat_ws(' ', metric, scope_id, period_grain, period_start) as item,
            round(value * 1000000)::hugeint as value
        from {_LONG}
        anti join (
            select metric, team_id as scope_id, period_grain, period_start
            from marts.mart_team_scorecard
            where normalisation = 'none' and withheld_reason is not null
        ) using (metric, scope_id, period_grain, period_start)
        where scope_kind = 'team' and value is not null
            and period_grain in ('month', 'quarter')
            and metric in (select metric from marts.mart_team_scorecard)
    """,
    measure="millionths",
    remedy=REBUILD,
)

_PARTS: Final = ("coding", "pickup", "review", "merge_to_deploy", "unattributed")


def _seconds(total: str) -> str:
    return ", ".join(f"{{'name': '{part}', 'seconds': {total.format(part=part)}::bigint}}" for part in _PARTS)


_BREAKDOWN: Final = Comparison(
    name="lead_time_shares_are_of_all_changes",
    subjects=("marts.mart_lead_time_breakdown",),
    layer="marts",
    sentence="The parts of lead times that services show add up to those of all their deployed changes.",
    left=f"""
        select concat_ws(' ', service_id, part.name) as item, part.seconds as value
        from (
            select service_id, unnest([
                {_seconds("coalesce(sum({part}_seconds), 0)")}
            ]) as part
            from marts.fct_changes
            where state = 'deployed'
                and deployed_date >= (select min(period_start) from marts.mart_lead_time_breakdown)
                and deployed_date < (select max(period_end) from marts.mart_lead_time_breakdown)
            group by service_id
        )
    """,
    right=f"""
        select concat_ws(' ', scope_id, part.name) as item, part.seconds as value
        from (
            select scope_id, unnest([
                {_seconds("sum(change_{part}_time_total_seconds)")}
            ]) as part
            from marts.mart_lead_time_breakdown
            where scope_kind = 'service' and period_grain = 'month'
            group by scope_id
        )
    """,
    measure="seconds",
    remedy=REBUILD,
)

_NUMBERS: Final = "is_met, attainment_ratio, budget_units, spent_units, budget_left_units, slice_count"
_SHOWN: Final = f"md5(concat_ws(' ', objective_id, window_kind, window_ends_at, objective_ratio, {_NUMBERS}))"
_ATTAINMENT: Final = Comparison(
    name="attainments_are_those_of_the_windows",
    subjects=("marts.mart_slo_attainment",),
    layer="marts",
    sentence="A service's attainment is its window's, with the same target and budget.",
    left=f"select {_SHOWN} as item, 1 as value from marts.fct_slo_windows",
    right=f"""
        select {_SHOWN} as item, count(*) as value
        from marts.mart_slo_attainment
        where scope_kind = 'service'
        group by item
    """,
    measure="windows",
    remedy=REBUILD,
)

_FIVE: Final = (
    "deployment_frequency",
    "change_lead_time",
    "change_fail_rate",
    "failed_deployment_recovery_time",
    "deployment_rework_rate",
)
_BENCHMARKED: Final = " union all ".join(
    f"select '{metric}' as metric, scope_kind, scope_id, period_grain, period_start, {metric}_n as n "
    "from marts.mart_dora_benchmarks"
    for metric in _FIVE
)
_CELL: Final = "concat_ws(' ', metric, scope_kind, scope_id, period_grain, period_start) as item"
_BENCHMARKS: Final = Comparison(
    name="benchmarks_are_of_the_same_events",
    subjects=("marts.mart_dora_benchmarks",),
    layer="marts",
    sentence="A benchmark rests on as many events as the value of its whole month or quarter.",
    left=f"""
        select {_CELL}, n as value
        from {_LONG}
        where period_grain in ('month', 'quarter') and metric in {_FIVE} and not is_partial and n > 0
    """,
    right=f"select {_CELL}, n as value from ({_BENCHMARKED}) where n > 0",
    measure="events",
    remedy=REBUILD,
)

_COVERED: Final = {
    "deployments": "is_production and outcome = 'success'",
    "changes": "coalesce(deployed_at, committed_at) is not null",
}
_COVERAGE: Final = Comparison(
    name="coverage_counts_every_fact",
    subjects=("marts.mart_ownership_coverage",),
    layer="marts",
    sentence="Coverage of ownership counts each deployment and change, with an owner and without.",
    left=" union all ".join(
        f"select '{fact} ' || if(team_id is null, 'unowned', 'owned') as item, count(*) as value "
        f"from marts.fct_{fact} where {condition} group by item"
        for fact, condition in _COVERED.items()
    ),
    right="""
        select concat(fact, ' ', owned.name) as item, sum(owned.count)::bigint as value
        from (
            select fact, unnest([
                {'name': 'owned', 'count': owned_event_count}, {'name': 'unowned',
                    'count': unowned_event_count}
            ]) as owned
            from marts.mart_ownership_coverage
            where fact in ('deployments', 'changes')
        )
        group by item
    """,
    measure="events",
    remedy=REBUILD,
)

# on a usual day of the month a team has so many people: of its days in order of people the middle one
_SMALL: Final = """
    select distinct team_id as scope_id, quarter_start
    from (
        select
            team_id, date_trunc('month', exposure_date) as month_start,
            date_trunc('quarter', exposure_date)::date as quarter_start,
            quantile_disc(person_count, 0.5) as team_size
        from intermediate.int_team_exposure_days
        group by all
    )
    cross join config.scorecard as limits
    where team_size < minimum_team_size
"""
_SMALL_TEAMS: Final = f"""
    select concat_ws(' ', metric, scope_id, period_grain, period_start) as item
    from {_LONG}
    semi join ({_SMALL}) as small
        on small.scope_id = {_LONG}.scope_id
        and small.quarter_start = date_trunc('quarter', {_LONG}.period_start)::date
    where scope_kind = 'team' and (value is not null or n is not null or numerator is not null)
"""

WIDE_COMPARISONS: tuple[Comparison, ...] = (
    _as_in_the_long("marts.mart_flow_weekly", "week", _FLOW),
    _as_in_the_long("marts.mart_incident_response", "month", _RESPONSE),
    _SCORECARD,
    _BREAKDOWN,
    _ATTAINMENT,
    _BENCHMARKS,
    _COVERAGE,
    no_row_offends(
        "small_teams_are_withheld",
        "No number is shown of a team that has fewer people on a usual day than the settings ask for.",
        {_LONG: _SMALL_TEAMS},
        measure="values",
        layer="marts",
    ),
)
