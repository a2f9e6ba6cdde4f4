-- Grain: one row per project and incident that is linked to a deployment of it, with the minutes until it was resolved.
select
    links.project_name,
    links.id as incident_id,
    links.deployment_id,
    deployments.finished_date as deployed_at,
    incidents.resolution_date as resolved_at,
    {{ minutes_passed('deployments.finished_date', 'incidents.resolution_date') }} as recovery_minutes
from {{ ref('int_devlake_1_0__project_incident_deployment_relationships') }} as links
inner join {{ ref('int_devlake_1_0__deployments') }} as deployments
    on deployments.project_name = links.project_name and deployments.deployment_id = links.deployment_id
inner join (
    select id, max(resolution_date) as resolution_date from {{ ref('int_domain__incidents') }} group by id
) as incidents on incidents.id = links.id
