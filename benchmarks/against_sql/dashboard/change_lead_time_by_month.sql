-- Hours of the lower median cycle of the pull requests whose deployment ended in each month of the range.
with pull_request_times as (
    select distinct
        pull_requests.id,
        date_format(commits.finished_date, '%y/%m') as month,
        metrics.pr_cycle_time
    from pull_requests
    join project_pr_metrics as metrics on metrics.id = pull_requests.id
    join project_mapping as projects
        on pull_requests.base_repo_id = projects.row_id and projects.`table` = 'repos'
    join cicd_deployment_commits as commits on metrics.deployment_commit_id = commits.id
    where projects.project_name in ('$project')
        and pull_requests.merged_date is not null
        and metrics.pr_cycle_time is not null
        and commits.finished_date between '$from_at' and '$to_at'
),

ranked as (
    select *, percent_rank() over (partition by month order by pr_cycle_time) as place
    from pull_request_times
),

medians as (
    select month, max(pr_cycle_time) as minutes
    from ranked
    where place <= 0.5
    group by month
)

select months.month, case when medians.minutes is null then 0 else medians.minutes / 60 end as value
from calendar_months as months
left join medians on months.month = medians.month
where months.month_timestamp between
    date(date_format('$from_at', '%Y-%m-01')) and date(date_format('$to_at', '%Y-%m-01'))
