-- Grain: one row per deployment of a service to an environment: each rolls out one commit of one repository.
select
    deployment_id as id,
    service_id as cicd_scope_id,
    deployment_id as cicd_deployment_id,
    repository as repo_id,
    repository as repo_url,
    commit_sha,
    case outcome when 'success' then 'SUCCESS' else 'FAILURE' end as result,
    case when is_production then 'PRODUCTION' else upper(environment) end as environment,
    started_at as started_date,
    finished_at as finished_date,
    cast(null as varchar) as prev_success_deployment_commit_id
from {{ ref('int_deployments_rolled_out') }}
