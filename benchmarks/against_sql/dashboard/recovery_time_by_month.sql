-- Hours from the end of a deployment in each month to the resolution of its incident within the range: lower median.
with deployments as (
    select commits.cicd_deployment_id as deployment_id, max(commits.finished_date) as finished_at
    from cicd_deployment_commits as commits
    join project_mapping as projects
        on commits.cicd_scope_id = projects.row_id and projects.`table` = 'cicd_scopes'
    where projects.project_name in ('$project')
        and commits.result = 'SUCCESS'
        and commits.environment = 'PRODUCTION'
    group by commits.cicd_deployment_id
    having max(commits.finished_date) between '$from_at' and '$to_at'
),

recoveries as (
    select
        date_format(deployments.finished_at, '%y/%m') as month,
        timestampdiff(minute, deployments.finished_at, incidents.resolution_date) as minutes
    from incidents
    left join project_incident_deployment_relationships as links on incidents.id = links.id
    join deployments on links.deployment_id = deployments.deployment_id
    where incidents.resolution_date between '$from_at' and '$to_at'
),

ranked as (
    select *, percent_rank() over (partition by month order by minutes) as place
    from recoveries
),

medians as (
    select month, max(minutes) as minutes
    from ranked
    where place <= 0.5
    group by month
)

select months.month, case when medians.minutes is null then 0 else medians.minutes / 60 end as value
from calendar_months as months
left join medians on months.month = medians.month
where months.month_timestamp between
    date(date_format('$from_at', '%Y-%m-01')) and date(date_format('$to_at', '%Y-%m-01'))
