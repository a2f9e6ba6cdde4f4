-- Deployments of the range that an incident is linked to, out of all of them.
with deployments as (
    select commits.cicd_deployment_id as deployment_id, max(commits.finished_date) as finished_at
    from cicd_deployment_commits as commits
    join project_mapping as projects
        on commits.cicd_scope_id = projects.row_id and projects.`table` = 'cicd_scopes'
    where projects.project_name in ('$project')
        and commits.result = 'SUCCESS'
        and commits.environment = 'PRODUCTION'
    group by commits.cicd_deployment_id
    having max(commits.finished_date) between '$from_at' and '$to_at'
),

failures as (
    select
        deployments.deployment_id,
        deployments.finished_at,
        count(distinct case when incidents.id is not null then deployments.deployment_id end) as has_incident
    from deployments
    left join project_incident_deployment_relationships as links
        on deployments.deployment_id = links.deployment_id
    left join incidents on links.id = incidents.id
    group by deployments.deployment_id, deployments.finished_at
)

select case when count(deployment_id) is not null then sum(has_incident) / count(deployment_id) end as value
from failures
