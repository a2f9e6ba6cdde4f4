-- Grain: one row per day of the reporting time zone, with the periods that it lies in.
select
    days.date_day,
    cast(date_trunc('week', days.date_day) as date) as week_start_date,
    cast(date_trunc('month', days.date_day) as date) as month_start_date,
    cast(date_trunc('quarter', days.date_day) as date) as quarter_start_date,
    timezone(reporting.time_zone, cast(days.date_day as timestamp)) as starts_at,
    timezone(reporting.time_zone, cast(days.date_day + 1 as timestamp)) as ends_at
from (
    select cast(unnest(generate_series(date '2000-01-01', date '2049-12-31', interval 1 day)) as date) as date_day
) as days
cross join {{ ref('int_reporting') }} as reporting
order by days.date_day
