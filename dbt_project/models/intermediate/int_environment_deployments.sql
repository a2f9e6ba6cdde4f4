-- Grain: one row per deployment to an environment as its source reports it, before any rule of the workspace but one:
-- a pipeline run is a deployment where a service says that its deployments come from runs of such a name.
with github_outcomes as (
    select
        source,
        repository,
        deployment_id,
        min(created_at) filter (where state = 'success') as succeeded_at,
        max(created_at) filter (where state in ('failure', 'error')) as failed_at,
        max(struct_pack(created_at := created_at, status_id := status_id, state := state)).state as newest_state,
        list(distinct record_id order by record_id) as record_ids
    from {{ ref('stg_github__deployment_statuses') }}
    group by source, repository, deployment_id
),

-- the history holds what succeeded; what failed or goes on is only the last synchronisation that was seen
argocd_history as (
    select
        *,
        coalesce(application_uid || '@' || epoch_ms(started_at), application_uid || '#' || history_id) as number,
        [record_id] as record_ids
    from {{ ref('stg_argocd__applications__deployments') }}
),

argocd_operations as (
    select *, {{ argocd_operation() }} as number, [record_id] as record_ids
    from {{ ref('stg_argocd__applications__operations') }}
    where not coalesce(is_dry_run, false) and not coalesce(is_partial, false)
        and (source, {{ argocd_operation() }}) not in (select (source, number) from argocd_history)
),

argocd_deployments as (
    {% for table in ['argocd_history', 'argocd_operations'] %}
    select
        source, number, application_name, environment, commit_sha, revisions, repositories, status,
        started_at, finished_at, record_id, record_ids
    from {{ table }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

events as (
    select
        *,
        coalesce(structured_type, context_type, event) as event_type,
        coalesce(structured_subject_id, subject_id) as service,
        coalesce(structured_environment_id, environment_id) as environment,
        coalesce(structured_at, occurred_at, received_at) as happened_at
    from {{ ref('stg_push__cdevents') }}
),

-- a run that deploys several services of its repository is one deployment
deploying_runs as (
    select *
    from {{ ref('int_pipeline_runs') }} as runs
    where source_kind in ('github', 'circleci', 'jenkins')
        and not starts_with(coalesce(trigger, ''), 'pull_request') -- a preview at most
        and exists (
            select 1
            from {{ ref('int_services') }} as services
            where services.repository = runs.repository
                and services.deployments_from
                    = case when runs.source_kind = 'github' then 'workflow_runs' else runs.source_kind end
                and regexp_matches(runs.pipeline_name, services.workflow_pattern)
        )
),

deployments as (
    select
        'github:' || deployments.source || ':deployment:' || deployments.deployment_id as environment_deployment_id,
        deployments.source,
        'github' as source_kind,
        deployments.repository as project,
        deployments.repository,
        cast(null as varchar) as service,
        deployments.task as name,
        deployments.environment,
        deployments.is_production_environment as is_declared_production,
        deployments.commit_sha,
        cast(null as varchar) as version,
        outcomes.newest_state as source_status,
        case
            when outcomes.succeeded_at is not null then 'success'
            when outcomes.failed_at is not null then 'failure'
            when outcomes.newest_state is null then 'queued'
            else {{ common_status('github', 'outcomes.newest_state') }}
        end as status,
        deployments.created_at,
        deployments.created_at as started_at,
        coalesce(outcomes.succeeded_at, outcomes.failed_at) as finished_at,
        deployments.record_id,
        list_sort(list_distinct(list_concat([deployments.record_id], coalesce(outcomes.record_ids, []))))
            as record_ids
    from {{ ref('stg_github__deployments') }} as deployments
    left join github_outcomes as outcomes
        on outcomes.source = deployments.source
        and outcomes.repository = deployments.repository
        and outcomes.deployment_id = deployments.deployment_id
    union all
    select
        'gitlab:' || deployments.source || ':deployment:' || deployments.deployment_id,
        deployments.source,
        'gitlab',
        deployments.project_path,
        deployments.project_path,
        cast(null as varchar),
        deployments.job_name,
        deployments.environment,
        environments.tier = 'production',
        deployments.commit_sha,
        cast(null as varchar),
        deployments.status,
        {{ common_status('gitlab', 'deployments.status') }},
        deployments.created_at,
        coalesce(deployments.job_started_at, deployments.created_at),
        coalesce(deployments.job_finished_at, deployments.updated_at),
        deployments.record_id,
        {{ ordered_ids(['deployments.record_id', 'environments.record_id']) }}
    from {{ ref('stg_gitlab__deployments') }} as deployments
    left join {{ ref('stg_gitlab__environments') }} as environments
        on environments.source = deployments.source
        and environments.environment_id = deployments.environment_id
    union all
    select
        'argocd:' || source || ':deployment:' || number,
        source,
        'argocd',
        application_name,
        {{ argocd_repository() }},
        cast(null as varchar),
        application_name,
        environment,
        cast(null as boolean),
        commit_sha,
        case when commit_sha is null then revisions[1] end,
        status,
        {{ common_status('argocd', 'status') }},
        coalesce(started_at, finished_at),
        coalesce(started_at, finished_at),
        finished_at,
        record_id,
        record_ids
    from argocd_deployments
    union all
    select
        run_id,
        source,
        source_kind,
        project,
        repository,
        cast(null as varchar),
        pipeline_name,
        'production',
        true,
        commit_sha,
        cast(null as varchar),
        coalesce(source_conclusion, source_status),
        status,
        created_at,
        created_at, -- a new attempt moves the start of a run
        finished_at,
        record_id,
        record_ids
    from deploying_runs
    union all
    select
        'push:' || source || ':deployment:' || deployment_id,
        source,
        'push',
        service,
        cast(null as varchar),
        service,
        cast(null as varchar),
        environment,
        cast(null as boolean),
        commit_sha,
        version,
        status,
        {{ common_status('reported', 'status') }},
        started_at,
        started_at,
        finished_at,
        record_id,
        [record_id]
    from {{ ref('stg_push__deployments') }}
    union all
    select
        'push:' || source || ':event:' || delivery_id,
        source,
        'push',
        service,
        cast(null as varchar),
        service,
        event_type,
        environment,
        cast(null as boolean),
        cast(null as varchar),
        artifact_id,
        event_type,
        'success',
        happened_at,
        happened_at,
        happened_at,
        record_id,
        [record_id]
    from events
    where regexp_matches(event_type, '^dev\.cdevents\.service\.(deployed|upgraded|rolledback)\.')
    union all
    select
        'drops:' || source || ':deployment:' || drop_name || ':' || deployment_key,
        source,
        'drops',
        service,
        cast(null as varchar),
        service,
        cast(null as varchar),
        environment,
        cast(null as boolean),
        commit_sha,
        cast(null as varchar),
        status,
        {{ common_status('reported', 'status') }},
        started_at,
        started_at,
        finished_at,
        record_id,
        [record_id]
    from {{ ref('stg_drops__deployments') }}
)

select
    environment_deployment_id,
    source,
    source_kind,
    project,
    repository,
    service,
    name,
    environment,
    is_declared_production,
    commit_sha,
    version,
    status,
    source_status,
    created_at,
    started_at,
    case when {{ has_ended('status') }} then finished_at end as finished_at,
    record_id,
    record_ids
from deployments
