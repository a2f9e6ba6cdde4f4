-- Grain: one row per project and range: minutes of the lower median cycle of pull requests whose deployment ended in it.
with pull_requests as (
    select
        metrics.project_name,
        metrics.pr_cycle_time,
        deployments.finished_date,
        zones.time_zone,
        {{ day_in_zone('deployments.finished_date') }} as finished_on
    from {{ ref('int_devlake_1_0__project_pr_metrics') }} as metrics
    inner join {{ ref('int_devlake_1_0__deployment_commits') }} as deployments
        on deployments.id = metrics.deployment_commit_id
    cross join (select distinct time_zone from {{ ref('int_domain__ranges') }}) as zones
    where metrics.pr_cycle_time is not null
)

select
    pull_requests.project_name,
    days.range_id,
    {{ lower_median('pull_requests.pr_cycle_time') }} as value,
    {{ upper_median('pull_requests.pr_cycle_time') }} as upper_value,
    cast(null as varchar) as value_text,
    cast(null as bigint) as numerator,
    count(*) as n
from pull_requests
inner join {{ ref('int_domain__range_days') }} as days
    on days.time_zone = pull_requests.time_zone
    and days.range_date = pull_requests.finished_on
    and {{ lies_in_range('pull_requests.finished_date') }}
group by pull_requests.project_name, days.range_id
