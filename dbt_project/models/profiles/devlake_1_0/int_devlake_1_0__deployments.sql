-- Grain: one row per project and deployment to production of which a commit succeeded; it ends with the last of those.
select
    projects.project_name,
    commits.cicd_deployment_id as deployment_id,
    max(commits.finished_date) as finished_date
from {{ ref('int_devlake_1_0__deployment_commits') }} as commits
inner join {{ ref('int_domain__project_mapping') }} as projects
    on projects.row_id = commits.cicd_scope_id and projects."table" = 'cicd_scopes'
where commits.environment = 'PRODUCTION'
    and commits.result = 'SUCCESS'
    and commits.finished_date is not null
group by projects.project_name, commits.cicd_deployment_id
