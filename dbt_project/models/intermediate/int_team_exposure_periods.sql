-- Grain: one row per team, and month or quarter, on a day of which somebody was there for it or it owned a service.
-- The size of a team is the number of its people on a usual day: of its days in order of people the middle one, of two
-- the smaller, so that neither a day's guests make a team large nor a holiday makes it small.
with days as (
    select
        team_id, exposure_date, fte_days, own_fte_days, person_count, 0 as service_count, 0 as own_service_count
    from {{ ref('int_team_exposure_days') }}
    union all
    select team_id, exposure_date, 0, 0, null, service_count, own_service_count
    from {{ ref('int_team_service_days') }}
),

placed as (
    select *, unnest(['month', 'quarter']) as period_grain
    from days
)

select
    team_id,
    period_grain,
    cast(case period_grain
        when 'month' then date_trunc('month', exposure_date)
        else date_trunc('quarter', exposure_date)
    end as date) as period_start,
    cast(sum(cast(fte_days as decimal(28, 4))) as decimal(18, 4)) as fte_days,
    cast(sum(cast(own_fte_days as decimal(28, 4))) as decimal(18, 4)) as own_fte_days,
    {{ exact_sum('service_count') }} as service_days,
    {{ exact_sum('own_service_count') }} as own_service_days,
    cast(list_sort(list(person_count) filter (where person_count is not null))
        [(count(person_count) + 1) // 2] as integer) as team_size
from placed
group by all
