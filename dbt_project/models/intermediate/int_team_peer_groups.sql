-- Grain: one row per team with a place in the hierarchy and month or quarter: the teams that it is like at the end of it.
-- Teams without teams below them are of one kind, the others those of their level: so no team is its own part's peer.
with ends as (
    select
        periods.period_grain,
        periods.period_start,
        {{ noon_of(
            '(least(periods.period_end, ' ~
            reporting_date('(reporting.coverage_until - interval 1 microsecond)') ~ ' + 1) - 1)'
        ) }} as ends_at
    from {{ ref('int_reporting_periods') }} as periods
    cross join {{ ref('int_reporting') }} as reporting
    where periods.period_grain in ('month', 'quarter')
),

standing as (
    select ends.period_grain, ends.period_start, paths.team_id, paths.team_path
    from ends
    inner join {{ ref('int_team_paths') }} as paths
        on paths.valid_from <= ends.ends_at and paths.valid_until > ends.ends_at
),

above_others as (
    select distinct period_grain, period_start, unnest(team_path[2:]) as team_id
    from standing
)

select
    standing.team_id,
    standing.period_grain,
    standing.period_start,
    case
        when above_others.team_id is null then 'no_team_below'
        else 'level_' || len(standing.team_path)
    end as peer_group
from standing
left join above_others
    on above_others.team_id = standing.team_id
    and above_others.period_grain = standing.period_grain
    and above_others.period_start = standing.period_start
