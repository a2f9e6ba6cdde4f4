-- Days with a deployment in the lower median week of the range.
with days as (
    select cast(timestamp '$to_at' - interval (hundreds.n + tens.n + ones.n) day as date) as day
    from (select 0 as n union all select 100 union all select 200 union all select 300) as hundreds
    cross join (
        select 0 as n union all select 10 union all select 20 union all select 30 union all select 40
        union all select 50 union all select 60 union all select 70 union all select 80 union all select 90
    ) as tens
    cross join (
        select 0 as n union all select 1 union all select 2 union all select 3 union all select 4
        union all select 5 union all select 6 union all select 7 union all select 8 union all select 9
    ) as ones
    where timestamp '$to_at' - interval (hundreds.n + tens.n + ones.n) day > timestamp '$from_at'
),

deployments as (
    select commits.cicd_deployment_id as deployment_id, max(date(commits.finished_date)) as day
    from cicd_deployment_commits as commits
    join project_mapping as projects
        on commits.cicd_scope_id = projects.row_id and projects.`table` = 'cicd_scopes'
    where projects.project_name in ('$project')
        and commits.result = 'SUCCESS'
        and commits.environment = 'PRODUCTION'
    group by commits.cicd_deployment_id
),

weeks as (
    select
        date(date_add(days.day, interval -weekday(days.day) day)) as week,
        count(distinct deployments.day) as deployment_days
    from days
    left join deployments on deployments.day = days.day
    group by week
),

ranked as (
    select *, percent_rank() over (order by deployment_days) as place
    from weeks
)

select max(deployment_days) as value
from ranked
where place <= 0.5
