-- Grain: one row per project and incident of it that began after a production deployment of the project succeeded.
-- It is linked to the latest one that finished strictly before, whichever scope's that is and however long ago.
with successes as (
    select projects.project_name, commits.finished_date, commits.cicd_deployment_id
    from {{ ref('int_devlake_1_0__deployment_commits') }} as commits
    inner join {{ ref('int_domain__project_mapping') }} as projects
        on projects.row_id = commits.cicd_scope_id and projects."table" = 'cicd_scopes'
    where commits.environment = 'PRODUCTION'
        and commits.result = 'SUCCESS'
        and commits.finished_date is not null
    qualify row_number() over (
        partition by projects.project_name, commits.finished_date order by commits.id
    ) = 1
),

incidents as (
    select distinct projects.project_name, incidents.id, incidents.created_date
    from {{ ref('int_domain__incidents') }} as incidents
    inner join {{ ref('int_domain__project_mapping') }} as projects
        on projects.row_id = incidents.scope_id and projects."table" = incidents."table"
)

select incidents.id, incidents.project_name, successes.cicd_deployment_id as deployment_id
from incidents
asof join successes
    on successes.project_name = incidents.project_name and successes.finished_date < incidents.created_date
