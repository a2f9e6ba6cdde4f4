-- Grain: one row per objective and window: its rolling window as of the end of each day, or its calendar windows; and
-- every month.
with objectives as (
    select
        objectives.*,
        extents.first_slice,
        extents.last_slice,
        extents.starts_at,
        extents.ends_at,
        reporting.time_zone,
        reporting.organisation,
        extents.starts_at at time zone reporting.time_zone as local_start,
        extents.ends_at at time zone reporting.time_zone as local_end,
        objectives.window_count * case objectives.window_unit when 'M' then 1 when 'Q' then 3 when 'Y' then 12 end
            as window_months
    from {{ ref('int_sli_extents') }} as extents
    inner join {{ source('config', 'slo_objectives') }} as objectives
        on objectives.objective_id = extents.objective_id
    cross join {{ ref('int_reporting') }} as reporting
    where extents.last_slice >= extents.first_slice
),

days as (
    select
        *,
        timezone(time_zone, unnest(generate_series(
            cast(cast(local_start as date) + 1 as timestamp), cast(cast(local_end as date) as timestamp), interval 1 day
        ))) as window_ends_at
    from objectives
    where window_kind = 'rolling'
),

turns as (
    select
        *,
        unnest(range(0, greatest(0, 1 + date_sub(
            'second', window_starts_local_at, ends_at at time zone window_time_zone
        ) // coalesce(window_months * 28 * 86400, window_seconds)))) as turn
    from objectives
    where window_kind = 'calendar'
),

months as (
    select
        *,
        unnest(generate_series(date_trunc('month', local_start), local_end, interval 1 month)) as month_start
    from objectives
),

windows as (
    select
        objective_id,
        'rolling' as window_kind,
        window_ends_at - window_seconds * interval 1 second as window_starts_at,
        window_ends_at
    from days
    union all
    select
        objective_id,
        'calendar' as window_kind,
        timezone(window_time_zone, {{ calendar_turn('turn') }}) as window_starts_at,
        timezone(window_time_zone, {{ calendar_turn('(turn + 1)') }}) as window_ends_at
    from turns
    union all
    select
        objective_id,
        'month' as window_kind,
        timezone(time_zone, month_start) as window_starts_at,
        timezone(time_zone, month_start + interval 1 month) as window_ends_at
    from months
)

select
    windows.*,
    objectives.slo_id,
    objectives.service_id,
    objectives.organisation,
    objectives.slice_seconds,
    objectives.first_slice,
    objectives.last_slice,
    cast((windows.window_starts_at at time zone objectives.time_zone) as date) as window_start_date,
    cast(((windows.window_ends_at - interval 1 microsecond) at time zone objectives.time_zone) as date)
        as window_end_date,
    least(windows.window_ends_at, objectives.ends_at) - interval 1 microsecond as last_known_at
from windows
inner join objectives on objectives.objective_id = windows.objective_id
where windows.window_ends_at > objectives.starts_at and windows.window_starts_at < objectives.ends_at
