-- Grain: one row per commit of a deployment, with the success before it in its scope, repository and environment.
-- Where the rows bring such links themselves, those are kept.
with commits as (
    select
        *,
        coalesce(nullif(repo_url, ''), nullif(repo_id, ''), '') as repository,
        bool_or(coalesce(prev_success_deployment_commit_id, '') <> '') over () as has_links
    from {{ ref('int_domain__cicd_deployment_commits') }}
),

successes as (
    select
        id,
        lag(id) over (
            partition by cicd_scope_id, repository, environment order by finished_date, id
        ) as previous_id
    from commits
    where result = 'SUCCESS'
        and coalesce(environment, '') <> ''
        and started_date is not null
        and finished_date is not null
)

select
    commits.id,
    commits.cicd_scope_id,
    commits.cicd_deployment_id,
    commits.repository,
    commits.environment,
    commits.result,
    commits.commit_sha,
    commits.started_date,
    commits.finished_date,
    case
        when commits.has_links then nullif(commits.prev_success_deployment_commit_id, '')
        else successes.previous_id
    end as prev_success_deployment_commit_id
from commits
left join successes on successes.id = commits.id
