-- Grain: one row per service: how many of its production deployments had an owner at their time.
select
    service_id,
    organisation,
    count(*) as deployment_count,
    count(team_id) as owned_deployment_count,
    count(*) - count(team_id) as unowned_deployment_count,
    count(distinct team_id) as owner_count,
    max(finished_at) filter (where team_id is null) as last_unowned_at
from {{ ref('fct_deployments') }}
where is_production and outcome = 'success'
group by service_id, organisation
order by service_id
