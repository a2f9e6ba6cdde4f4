-- Grain: one row per project and range: the share of its deployments that an incident is linked to.
with deployments as (
    select
        deployments.project_name,
        deployments.finished_date,
        failed.deployment_id as failed_id,
        zones.time_zone,
        {{ day_in_zone('deployments.finished_date') }} as finished_on
    from {{ ref('int_devlake_1_0__deployments') }} as deployments
    cross join (select distinct time_zone from {{ ref('int_domain__ranges') }}) as zones
    left join (
        select distinct project_name, deployment_id from {{ ref('int_devlake_1_0__recoveries') }}
    ) as failed
        on failed.project_name = deployments.project_name and failed.deployment_id = deployments.deployment_id
)

select
    deployments.project_name,
    days.range_id,
    {{ exact_ratio('count(deployments.failed_id)', 'count(*)') }} as value,
    {{ exact_ratio('count(deployments.failed_id)', 'count(*)') }} as upper_value,
    cast(null as varchar) as value_text,
    count(deployments.failed_id) as numerator,
    count(*) as n
from deployments
inner join {{ ref('int_domain__range_days') }} as days
    on days.time_zone = deployments.time_zone
    and days.range_date = deployments.finished_on
    and {{ lies_in_range('deployments.finished_date') }}
group by deployments.project_name, days.range_id
