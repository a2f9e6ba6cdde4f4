-- Grain: one row per service and change that a successful production deployment of it contained: the first one.
with names as (
    select service_id, repository, commit_sha, commit_sha as contained_sha
    from {{ ref('int_service_changes') }}
    union
    select service_id, repository, commit_sha, carrier_sha as contained_sha
    from {{ ref('int_service_changes') }}
    where carrier_sha is not null
)

select
    names.service_id,
    names.repository,
    names.commit_sha,
    contained.deployment_id,
    contained.is_baseline,
    deployments.started_at,
    deployments.finished_at
from names
inner join {{ source('computed', 'deployment_commits') }} as contained
    on contained.service_id = names.service_id
    and contained.repository = names.repository
    and contained.commit_sha = names.contained_sha
inner join {{ ref('int_deployments_rolled_out') }} as deployments
    on deployments.deployment_id = contained.deployment_id
qualify row_number() over (
    partition by names.service_id, names.repository, names.commit_sha
    order by deployments.finished_at, deployments.deployment_id
) = 1
