-- Grain: one row per workflow run, in its newest attempt. Only some conclusions are failures.
with jobs as (
    select
        source, repository, run_id, run_attempt,
        count(*) as job_count,
        min(started_at) as started_at,
        max(completed_at) as completed_at,
        list(distinct record_id order by record_id) as record_ids
    from {{ ref('stg_github__workflow_jobs') }}
    group by source, repository, run_id, run_attempt
)

select
    'github:' || runs.source || ':run:' || runs.run_id as run_id,
    services.service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    reporting.organisation,
    runs.repository,
    runs.workflow_name,
    runs.event,
    runs.head_sha as commit_sha,
    runs.run_attempt,
    runs.status,
    runs.conclusion,
    case
        when runs.conclusion = 'success' then 'success'
        when runs.conclusion in ('failure', 'timed_out', 'startup_failure') then 'failure'
        when runs.conclusion is not null then 'neither'
    end as outcome,
    runs.created_at,
    {{ reporting_date('runs.created_at') }} as created_date,
    coalesce(jobs.started_at, runs.run_started_at) as started_at,
    case when runs.status = 'completed' then coalesce(jobs.completed_at, runs.updated_at) end as completed_at,
    case
        when runs.status = 'completed' then {{ seconds_between(
            "coalesce(jobs.started_at, runs.run_started_at)", "coalesce(jobs.completed_at, runs.updated_at)"
        ) }}
    end
        as duration_seconds,
    coalesce(jobs.job_count, 0) as job_count,
    runs.actor_token,
    coalesce(runs.is_actor_bot, false) as is_bot,
    list_sort(list_distinct(list_concat([runs.record_id], coalesce(jobs.record_ids, [])))) as record_ids,
    cast([] as bigint[]) as context_record_ids
from {{ ref('stg_github__workflow_runs') }} as runs
cross join {{ ref('int_reporting') }} as reporting
left join jobs
    on jobs.source = runs.source
    and jobs.repository = runs.repository
    and jobs.run_id = runs.run_id
    and jobs.run_attempt = runs.run_attempt
left join {{ ref('int_repository_services') }} as services on services.repository = runs.repository
{{ join_owners('services.service_id', 'runs.created_at') }}
order by run_id
