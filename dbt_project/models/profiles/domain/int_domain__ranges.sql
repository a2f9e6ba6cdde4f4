-- Grain: one row per range of time that values are asked for: each week, month and quarter of the covered range.
select
    periods.period_grain || ':' || periods.period_start as range_id,
    periods.starts_at as from_at,
    periods.ends_at as until_at,
    reporting.time_zone
from {{ ref('int_reporting_periods') }} as periods
cross join {{ ref('int_reporting') }} as reporting
where periods.period_grain in ('week', 'month', 'quarter')
