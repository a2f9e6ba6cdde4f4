-- Grain: one row per service and deployment that another source than GitHub knows and the service takes for its own.
with candidates as (
    select
        *,
        case when source_kind in ('push', 'drops') then 'reported' else source_kind end as origin,
        source_kind in ('circleci', 'jenkins') as is_run
    from {{ ref('int_environment_deployments') }}
    where source_kind <> 'github'
)

select
    deployments.environment_deployment_id as part_id,
    services.service_id,
    services.repository,
    coalesce(deployments.environment, '') as environment,
    coalesce(
        case
            when not deployments.is_run
                then regexp_matches(deployments.environment, services.environment_pattern)
        end,
        deployments.is_declared_production,
        false
    ) as is_production,
    coalesce(deployments.commit_sha, tags.commit_sha) as commit_sha,
    deployments.version as tag_name,
    deployments.started_at,
    deployments.finished_at,
    case deployments.status
        when 'success' then 'succeeded'
        when 'failure' then 'failed'
        else 'unfinished'
    end as state,
    coalesce(regexp_matches(deployments.name, '(?i)rollback|rolledback'), false) as is_declared_rollback,
    list_concat(deployments.record_ids, coalesce(tags.record_ids, [])) as record_ids
from candidates as deployments
inner join {{ ref('int_services') }} as services
    on services.deployments_from = deployments.origin
    and case deployments.origin
        when 'reported'
            then services.service_id = deployments.service
                or list_contains(services.former_names, deployments.service)
        when 'argocd' then
            case
                when services.task_pattern is null
                    then services.service_id = deployments.name
                        or list_contains(services.former_names, deployments.name)
                else regexp_matches(deployments.name, services.task_pattern)
            end
        when 'gitlab' then
            services.repository = deployments.repository
            and (services.task_pattern is null or regexp_matches(deployments.name, services.task_pattern))
        else
            services.repository = deployments.repository
            and regexp_matches(deployments.name, services.workflow_pattern)
    end
left join {{ ref('int_tags') }} as tags
    on tags.repository = services.repository
    -- one side's condition in a key: beside the keys it would make the join compare every row with every other
    and tags.tag_name = case when deployments.commit_sha is null then deployments.version end
-- a service that names its job takes the deployment from those that take any
qualify
    services.task_pattern is not null
    or not bool_or(services.task_pattern is not null) over (partition by part_id)
