-- Grain: one row per pipeline run, in its newest attempt. Only some conclusions are failures. Synchronisations of
-- Argo CD are deployments and no builds: they stay out.
select
    runs.run_id,
    services.service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    reporting.organisation,
    runs.repository,
    runs.workflow_name,
    runs.trigger as event,
    runs.commit_sha,
    runs.attempt as run_attempt,
    runs.source_status as status,
    runs.source_conclusion as conclusion,
    case
        when runs.source_conclusion is null then null
        when runs.status in ('success', 'failure') then runs.status
        else 'neither'
    end as outcome,
    runs.created_at,
    {{ reporting_date('runs.created_at') }} as created_date,
    runs.started_at,
    runs.finished_at as completed_at,
    {{ seconds_between('runs.started_at', 'runs.finished_at') }} as duration_seconds,
    runs.job_count,
    runs.actor_token,
    coalesce(runs.is_actor_bot, false) as is_bot,
    runs.record_ids,
    cast([] as bigint[]) as context_record_ids,
    runs.source,
    runs.source_kind,
    runs.status as run_status
from {{ ref('int_pipeline_runs') }} as runs
cross join {{ ref('int_reporting') }} as reporting
left join {{ ref('int_repository_services') }} as services on services.repository = runs.repository
{{ join_owners('services.service_id', 'runs.created_at') }}
where runs.source_kind <> 'argocd'
order by run_id
