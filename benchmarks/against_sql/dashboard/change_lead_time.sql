-- Minutes of the lower median cycle of the pull requests whose deployment ended in the range.
with pull_request_times as (
    select distinct pull_requests.id, metrics.pr_cycle_time
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
    select *, percent_rank() over (order by pr_cycle_time) as place
    from pull_request_times
)

select max(pr_cycle_time) as value
from ranked
where place <= 0.5
