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
    where incidents.created_date is not null
),

-- both on one line of time, in one pass: an incident stands before what finishes in its very instant
events as (
    select project_name, id, created_date as happened_at, false as is_deployment, null as deployment_id
    from incidents
    union all
    select project_name, null as id, finished_date, true, cicd_deployment_id
    from successes
),

placed as (
    select
        project_name,
        id,
        is_deployment,
        last_value(deployment_id ignore nulls) over (
            partition by project_name
            order by happened_at, is_deployment
            rows between unbounded preceding and current row
        ) as deployment_id
    from events
)

select id, project_name, deployment_id
from placed
where not is_deployment and deployment_id is not null
