-- Grain: one row per service and workflow run that deploys it, in the run's newest attempt.
with last_jobs as (
    select
        source,
        repository,
        run_id,
        run_attempt,
        max(completed_at) as completed_at,
        list(distinct record_id order by record_id) as record_ids
    from {{ ref('stg_github__workflow_jobs') }}
    group by source, repository, run_id, run_attempt
)

select
    'github:' || runs.source || ':run:' || runs.run_id as part_id,
    services.service_id,
    runs.repository,
    'production' as environment,
    true as is_production,
    runs.head_sha as commit_sha,
    cast(null as varchar) as tag_name,
    runs.created_at as started_at, -- `run_started_at` moves with every new attempt
    coalesce(last_jobs.completed_at, runs.updated_at) as finished_at,
    case
        when runs.status is distinct from 'completed' then 'unfinished'
        when runs.conclusion = 'success' then 'succeeded'
        when runs.conclusion in ('failure', 'timed_out', 'startup_failure') then 'failed'
        else 'unfinished'
    end as state,
    coalesce(regexp_matches(runs.workflow_name, '(?i)rollback'), false) as is_declared_rollback,
    list_concat([runs.record_id], coalesce(last_jobs.record_ids, [])) as record_ids
from {{ ref('stg_github__workflow_runs') }} as runs
inner join {{ ref('int_services') }} as services
    on services.repository = runs.repository
    and services.deployments_from = 'workflow_runs'
    and regexp_matches(runs.workflow_name, services.workflow_pattern)
left join last_jobs
    on last_jobs.source = runs.source
    and last_jobs.repository = runs.repository
    and last_jobs.run_id = runs.run_id
    and last_jobs.run_attempt = runs.run_attempt
-- a run for a pull request deploys a preview at most
where not starts_with(coalesce(runs.event, ''), 'pull_request')
