-- Grain: one row per service: what it is, and who owns it at the end of the reported range.
select
    services.service_id,
    services.title,
    services.repository,
    services.path_patterns,
    services.deployments_from,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    reporting.organisation,
    deployments.first_deployed_at,
    coalesce(deployments.deployment_count, 0) as deployment_count,
    owners.source_kind as owner_source_kind
from {{ ref('int_services') }} as services
cross join {{ ref('int_reporting') }} as reporting
left join (
    select service_id, min(finished_at) as first_deployed_at, count(*) as deployment_count
    from {{ ref('int_deployments_classified') }}
    group by service_id
) as deployments on deployments.service_id = services.service_id
{{ join_owners('services.service_id', "reporting.coverage_until - interval 1 microsecond") }}
order by services.service_id
