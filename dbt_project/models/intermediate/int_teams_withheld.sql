-- Grain: one row per team and day, week, month or quarter in which its numbers are withheld, with the reason.
-- It is decided once for each quarter, by the team's smallest month, and holds for every period that touches the quarter:
-- so no withheld month comes out of its weeks. A team whose people nobody knows yet has no size and is not small; one of
-- which they were known, and are not any more, has none left; a quarter of which nothing but days off is covered keeps
-- the size of the one before.
-- Beside small teams whose people together are fewer than the minimum the smallest other team below the same parent is
-- withheld, with the teams below it: else the parent, less the teams that are shown, would be theirs. Where there is no
-- other and the parent's own services counted nothing, the parent is theirs and is withheld as well; among its siblings
-- it is as small as they are. So parents are decided from below, one level a round, for organisations of up to five levels.
{% set rounds = 4 %}
with quarters as (
    select
        periods.period_start as quarter_start,
        {{ noon_of('periods.period_start') }} as starts_at,
        {{ noon_of(
            '(least(periods.period_end, ' ~
            reporting_date('(reporting.coverage_until - interval 1 microsecond)') ~ ' + 1) - 1)'
        ) }} as ends_at
    from {{ ref('int_reporting_periods') }} as periods
    cross join {{ ref('int_reporting') }} as reporting
    where periods.period_grain = 'quarter'
),

exposed as (
    select team_id, cast(date_trunc('quarter', period_start) as date) as quarter_start, team_size
    from {{ ref('int_team_exposure_periods') }}
    where team_size is not null
),

known as (
    select team_id, min(quarter_start) as first_quarter_start
    from exposed
    group by team_id
),

worked as (
    select distinct cast(date_trunc('quarter', working_date) as date) as quarter_start
    from {{ ref('int_team_working_days') }}
    where calendar_id = ''
),

told as (
    select
        known.team_id,
        quarters.quarter_start,
        coalesce(min(exposed.team_size), case when bool_or(worked.quarter_start is not null) then 0 end) as team_size
    from known
    inner join quarters on quarters.quarter_start >= known.first_quarter_start
    left join exposed on exposed.team_id = known.team_id and exposed.quarter_start = quarters.quarter_start
    left join worked on worked.quarter_start = quarters.quarter_start
    group by known.team_id, quarters.quarter_start
),

sizes as (
    select
        team_id,
        quarter_start,
        last_value(team_size ignore nulls) over (
            partition by team_id order by quarter_start rows between unbounded preceding and current row
        ) as team_size
    from told
),

small as (
    select sizes.team_id, sizes.quarter_start, sizes.team_size, limits.minimum_team_size
    from sizes
    cross join {{ source('config', 'scorecard') }} as limits
    where sizes.team_size < limits.minimum_team_size
),

standing as (
    select quarters.quarter_start, paths.team_id, paths.team_path
    from quarters
    inner join {{ ref('int_team_paths') }} as paths
        on paths.valid_from <= quarters.ends_at and paths.valid_until > quarters.ends_at
),

counted as (
    select distinct scope_id as team_id, period_start as quarter_start
    from {{ ref('int_metric_cells') }}
    where scope_kind = 'team' and period_grain = 'quarter'
),

-- parents of which something was counted that is of no team below them
working as (
    select distinct owners.team_id, quarters.quarter_start
    from {{ ref('int_metric_cells') }} as cells
    inner join quarters on quarters.quarter_start = cells.period_start
    inner join {{ ref('int_service_owners_dated') }} as owners
        on owners.service_id = cells.scope_id
        and owners.valid_from <= quarters.ends_at
        and owners.valid_until > quarters.starts_at
    where cells.scope_kind = 'service' and cells.period_grain = 'quarter'
),

hidden_0 as (
    select team_id, quarter_start, team_size, minimum_team_size from small
),
{% for round in range(1, rounds + 1) %}
siblings_{{ round }} as (
    select
        counted.team_id,
        counted.quarter_start,
        coalesce(standing.team_path[2], '') as parent_team_id,
        coalesce(hidden.team_size, sizes.team_size) as team_size,
        hidden.minimum_team_size,
        hidden.team_id is not null as is_small
    from counted
    left join sizes on sizes.team_id = counted.team_id and sizes.quarter_start = counted.quarter_start
    left join hidden_{{ round - 1 }} as hidden
        on hidden.team_id = counted.team_id and hidden.quarter_start = counted.quarter_start
    left join standing on standing.team_id = counted.team_id and standing.quarter_start = counted.quarter_start
),

gaps_{{ round }} as (
    select
        quarter_start,
        parent_team_id,
        {{ exact_sum('team_size') }} as team_size,
        max(minimum_team_size) as minimum_team_size
    from siblings_{{ round }}
    where is_small
    group by quarter_start, parent_team_id
    having {{ exact_sum('team_size') }} < max(minimum_team_size)
),

beside_{{ round }} as (
    select siblings.team_id, siblings.quarter_start, siblings.parent_team_id
    from siblings_{{ round }} as siblings
    inner join gaps_{{ round }} as gaps
        on gaps.quarter_start = siblings.quarter_start and gaps.parent_team_id = siblings.parent_team_id
    where not siblings.is_small
    qualify row_number() over (
        partition by siblings.quarter_start, siblings.parent_team_id
        order by siblings.team_size nulls last, siblings.team_id
    ) = 1
),

hidden_{{ round }} as (
    select team_id, quarter_start, team_size, minimum_team_size from hidden_{{ round - 1 }}
    union all
    select gaps.parent_team_id, gaps.quarter_start, gaps.team_size, gaps.minimum_team_size
    from gaps_{{ round }} as gaps
    anti join beside_{{ round }} as beside
        on beside.quarter_start = gaps.quarter_start and beside.parent_team_id = gaps.parent_team_id
    anti join working on working.quarter_start = gaps.quarter_start and working.team_id = gaps.parent_team_id
    anti join hidden_{{ round - 1 }} as hidden
        on hidden.quarter_start = gaps.quarter_start and hidden.team_id = gaps.parent_team_id
    where gaps.parent_team_id <> ''
),
{% endfor %}
beside as (
    select team_id, quarter_start from beside_{{ rounds }}
),

withheld as (
    select team_id, quarter_start, 'below_team_size' as reason
    from small
    union all
    select team_id, quarter_start, 'beside_small_team' as reason
    from beside
    union all
    select team_id, quarter_start, 'beside_small_team' as reason
    from hidden_{{ rounds }}
    union all
    select below.team_id, below.quarter_start, 'beside_small_team' as reason
    from (select team_id, quarter_start, unnest(team_path[2:]) as above_team_id from standing) as below
    inner join beside on beside.team_id = below.above_team_id and beside.quarter_start = below.quarter_start
),

periods as (
    select
        period_grain,
        period_start,
        unnest(list_distinct([
            cast(date_trunc('quarter', period_start) as date), cast(date_trunc('quarter', period_end - 1) as date)
        ])) as quarter_start
    from {{ ref('int_reporting_periods') }}
)

select
    'team' as scope_kind,
    withheld.team_id as scope_id,
    periods.period_grain,
    periods.period_start,
    -- of both reasons the team's own
    min(withheld.reason) as reason
from withheld
inner join periods on periods.quarter_start = withheld.quarter_start
group by withheld.team_id, periods.period_grain, periods.period_start
