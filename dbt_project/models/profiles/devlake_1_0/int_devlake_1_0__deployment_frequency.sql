-- Grain: one row per project and range: days with a deployment in its lower median week. Weeks without one are zeros.
with zones as (
    select distinct time_zone from {{ ref('int_domain__ranges') }}
),

deployments as (
    select distinct
        deployments.project_name,
        zones.time_zone,
        {{ day_in_zone('deployments.finished_date') }} as finished_on
    from {{ ref('int_devlake_1_0__deployments') }} as deployments
    cross join zones
),

week_counts as (
    select deployments.project_name, days.range_id, days.monday, count(*) as day_count
    from deployments
    inner join {{ ref('int_domain__range_days') }} as days
        on days.time_zone = deployments.time_zone and days.range_date = deployments.finished_on
    group by deployments.project_name, days.range_id, days.monday
),

weeks as (
    select distinct projects.project_name, days.range_id, days.monday
    from {{ ref('int_domain__range_days') }} as days
    cross join (select distinct project_name from {{ ref('int_domain__project_mapping') }}) as projects
)

select
    weeks.project_name,
    weeks.range_id,
    {{ lower_median('coalesce(week_counts.day_count, 0)') }} as value,
    {{ upper_median('coalesce(week_counts.day_count, 0)') }} as upper_value,
    cast(null as varchar) as value_text,
    cast(null as bigint) as numerator,
    count(*) as n
from weeks
left join week_counts
    on week_counts.project_name = weeks.project_name
    and week_counts.range_id = weeks.range_id
    and week_counts.monday = weeks.monday
group by weeks.project_name, weeks.range_id
