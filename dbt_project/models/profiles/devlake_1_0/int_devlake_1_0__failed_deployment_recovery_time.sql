-- Grain: one row per project and range: the lower median minutes from a deployment's end to its incident's resolution,
-- where both lie in the range.
with recoveries as (
    select
        recoveries.*,
        zones.time_zone,
        {{ day_in_zone('recoveries.resolved_at') }} as resolved_on
    from {{ ref('int_devlake_1_0__recoveries') }} as recoveries
    cross join (select distinct time_zone from {{ ref('int_domain__ranges') }}) as zones
    where recoveries.resolved_at is not null
)

select
    recoveries.project_name,
    days.range_id,
    {{ lower_median('recoveries.recovery_minutes') }} as value,
    {{ upper_median('recoveries.recovery_minutes') }} as upper_value,
    cast(null as varchar) as value_text,
    cast(null as bigint) as numerator,
    count(*) as n
from recoveries
inner join {{ ref('int_domain__range_days') }} as days
    on days.time_zone = recoveries.time_zone
    and days.range_date = recoveries.resolved_on
    and {{ lies_in_range('recoveries.resolved_at') }}
    and {{ lies_in_range('recoveries.deployed_at') }}
group by recoveries.project_name, days.range_id
