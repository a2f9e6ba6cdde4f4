-- Grain: one row per service, team and organisation that ever deployed, with the day of its first deployment.
with deployments as (
    select service_id, team_path, organisation, deployed_date
    from {{ ref('fct_deployments') }}
    where is_production and outcome = 'success'
)

select 'service' as scope_kind, service_id as scope_id, min(deployed_date) as first_date
from deployments
group by service_id
union all
select 'organisation' as scope_kind, organisation as scope_id, min(deployed_date) as first_date
from deployments
group by organisation
union all
select 'team' as scope_kind, team_id as scope_id, min(deployed_date) as first_date
from (select unnest(team_path) as team_id, deployed_date from deployments) as led
group by team_id
