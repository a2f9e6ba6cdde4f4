-- Grain: one row per team, and month or quarter, on a day of which somebody worked for it and for no shown part of it.
-- What is left when the FTE-days of shown parts are subtracted from a team's belongs to these people: where they are
-- few, the team's own FTE-days would tell theirs. A part is shown where it is not withheld and its own remainder is not small;
-- so parts are decided from below, one level a round, which is exact for organisations of up to five levels.
{% set rounds = 4 %}
with days as (
    select
        own.exposure_date,
        own.own_person_count,
        coalesce(paths.team_path, [own.team_id]) as team_path
    from {{ ref('int_team_exposure_days') }} as own
    cross join {{ ref('int_reporting') }} as reporting
    left join {{ ref('int_team_paths') }} as paths
        on paths.team_id = own.team_id
        and paths.valid_from <= {{ noon_of('own.exposure_date') }}
        and paths.valid_until > {{ noon_of('own.exposure_date') }}
    where own.own_person_count > 0
),

placed as (
    select *, unnest(team_path) as team_id, generate_subscripts(team_path, 1) as position
    from days
),

parts as (
    select
        team_id,
        team_path[1:position - 1] as teams_below,
        exposure_date,
        own_person_count,
        unnest([
            {'grain': 'month', 'starts_on': cast(date_trunc('month', exposure_date) as date)},
            {'grain': 'quarter', 'starts_on': cast(date_trunc('quarter', exposure_date) as date)}
        ]) as period
    from placed
),

large as (
    select exposure.team_id, exposure.period_grain, exposure.period_start, limits.minimum_team_size
    from {{ ref('int_team_exposure_periods') }} as exposure
    cross join {{ source('config', 'scorecard') }} as limits
    anti join {{ ref('int_teams_withheld') }} as withheld
        on withheld.scope_id = exposure.team_id
        and withheld.period_grain = exposure.period_grain
        and withheld.period_start = exposure.period_start
    where exposure.team_size is not null
),

shown_0 as (
    select period_grain, period_start, list_sort(list(team_id)) as team_ids
    from large
    group by period_grain, period_start
),
{% for round in range(1, rounds + 1) %}
left_{{ round }} as (
    select
        parts.team_id,
        parts.period.grain as period_grain,
        parts.period.starts_on as period_start,
        parts.exposure_date,
        {{ exact_sum('parts.own_person_count') }} as person_count
    from parts
    left join shown_{{ round - 1 }} as shown
        on shown.period_grain = parts.period.grain and shown.period_start = parts.period.starts_on
    where not list_has_any(parts.teams_below, coalesce(shown.team_ids, []))
    group by all
),

sized_{{ round }} as (
    select
        team_id, period_grain, period_start,
        list_sort(list(person_count))[(count(person_count) + 1) // 2] as remainder_size
    from left_{{ round }}
    group by team_id, period_grain, period_start
){{ ',' if not loop.last }}
{% if not loop.last %}
shown_{{ round }} as (
    select large.period_grain, large.period_start, list_sort(list(large.team_id)) as team_ids
    from large
    left join sized_{{ round }} as sized
        on sized.team_id = large.team_id
        and sized.period_grain = large.period_grain
        and sized.period_start = large.period_start
    where sized.remainder_size is null or sized.remainder_size >= large.minimum_team_size
    group by large.period_grain, large.period_start
),
{% endif %}
{%- endfor %}

select team_id, period_grain, period_start, remainder_size
from sized_{{ rounds }}
