-- Deployments of each month of the range.
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

counts as (
    select date_format(finished_at, '%y/%m') as month, count(deployment_id) as deployment_count
    from deployments
    group by month
)

select months.month, case when counts.deployment_count is null then 0 else counts.deployment_count end as value
from calendar_months as months
left join counts on months.month = counts.month
where months.month_timestamp between
    date(date_format('$from_at', '%Y-%m-01')) and date(date_format('$to_at', '%Y-%m-01'))
