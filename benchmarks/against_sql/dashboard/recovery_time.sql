-- Minutes from the end of a deployment to the resolution of an incident linked to it, both in the range: lower median.
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

recoveries as (
    select timestampdiff(minute, deployments.finished_at, incidents.resolution_date) as minutes
    from incidents
    left join project_incident_deployment_relationships as links on incidents.id = links.id
    join deployments on links.deployment_id = deployments.deployment_id
    where incidents.resolution_date between '$from_at' and '$to_at'
),

ranked as (
    select *, percent_rank() over (order by minutes) as place
    from recoveries
)

select max(minutes) as value
from ranked
where place <= 0.5
