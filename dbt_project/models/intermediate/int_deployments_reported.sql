-- Grain: one row per service and deployment object that it takes for its own.
-- The end is the deployment's own success, never `updated_at`, which moves when the next one makes it inactive.
with outcomes as (
    select
        source,
        repository,
        deployment_id,
        min(created_at) filter (where state = 'success') as succeeded_at,
        max(created_at) filter (where state in ('failure', 'error')) as failed_at,
        list(distinct record_id order by record_id)
            filter (where state in ('success', 'failure', 'error')) as record_ids
    from {{ ref('stg_github__deployment_statuses') }}
    group by source, repository, deployment_id
)

select
    'github:' || deployments.source || ':deployment:' || deployments.deployment_id as part_id,
    services.service_id,
    deployments.repository,
    coalesce(deployments.environment, '') as environment,
    coalesce(
        regexp_matches(deployments.environment, services.environment_pattern),
        deployments.is_production_environment,
        false
    ) as is_production,
    deployments.commit_sha,
    cast(null as varchar) as tag_name,
    deployments.created_at as started_at,
    coalesce(outcomes.succeeded_at, outcomes.failed_at) as finished_at,
    case
        when outcomes.succeeded_at is not null then 'succeeded'
        when outcomes.failed_at is not null then 'failed'
        else 'unfinished'
    end as state,
    coalesce(regexp_matches(deployments.task, '(?i)rollback'), false) as is_declared_rollback,
    list_concat([deployments.record_id], coalesce(outcomes.record_ids, [])) as record_ids
from {{ ref('stg_github__deployments') }} as deployments
inner join {{ ref('int_services') }} as services
    on services.repository = deployments.repository
    and services.deployments_from = 'deployments'
    and (services.task_pattern is null or regexp_matches(deployments.task, services.task_pattern))
left join outcomes
    on outcomes.source = deployments.source
    and outcomes.repository = deployments.repository
    and outcomes.deployment_id = deployments.deployment_id
-- a service that names its task takes the deployment from those that take any
qualify
    services.task_pattern is not null
    or not bool_or(services.task_pattern is not null) over (partition by part_id)
