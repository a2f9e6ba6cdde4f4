-- Grain: one row per day, week, month and quarter of the reporting time zone that the covered range touches.
-- A period that the range cuts is partial. Weeks are ISO weeks.
with days as (
    select
        reporting.*,
        cast((coverage_from at time zone time_zone) as date) as first_day,
        cast(((coverage_until - interval 1 microsecond) at time zone time_zone) as date) as last_day
    from {{ ref('int_reporting') }} as reporting
    where coverage_from < coverage_until
),

starts as (
    {% for grain, step in [('day', '1 day'), ('week', '7 days'), ('month', '1 month'), ('quarter', '3 months')] %}
    select
        *,
        '{{ grain }}' as period_grain,
        cast(unnest(generate_series(
            date_trunc('{{ grain }}', first_day), date_trunc('{{ grain }}', last_day), interval '{{ step }}'
        )) as date) as period_start,
        interval '{{ step }}' as length
    from days
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

periods as (
    select
        *,
        cast(period_start + length as date) as period_end,
        timezone(time_zone, cast(period_start as timestamp)) as starts_at,
        timezone(time_zone, cast(period_start + length as timestamp)) as ends_at
    from starts
)

select
    period_grain,
    period_start,
    period_end,
    starts_at,
    ends_at,
    starts_at < coverage_from or ends_at > coverage_until as is_partial,
    ends_at + rules.incident_link_hours * interval 1 hour > coverage_until as is_link_window_open
from periods
cross join {{ source('config', 'rules') }} as rules
