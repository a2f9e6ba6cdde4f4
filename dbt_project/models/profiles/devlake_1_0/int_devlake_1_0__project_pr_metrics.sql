-- Grain: one row per project and merged pull request into one of its repositories; times are whole minutes.
with merged as (
    select projects.project_name, pull_requests.*
    from {{ ref('int_domain__pull_requests') }} as pull_requests
    inner join {{ ref('int_domain__project_mapping') }} as projects
        on projects.row_id = pull_requests.base_repo_id and projects."table" = 'repos'
    where pull_requests.merged_date is not null
),

first_commits as (
    select pull_request_id, commit_sha, commit_authored_date
    from {{ ref('int_domain__pull_request_commits') }}
    qualify row_number() over (
        partition by pull_request_id order by commit_authored_date nulls last, commit_sha
    ) = 1
),

-- a bot's is one, an own one is none, and one of no known account is none
first_comments as (
    select comments.pull_request_id, comments.id, comments.created_date
    from {{ ref('int_domain__pull_request_comments') }} as comments
    inner join {{ ref('int_domain__pull_requests') }} as pull_requests
        on pull_requests.id = comments.pull_request_id
    where comments.account_id <> coalesce(pull_requests.author_id, '')
    qualify row_number() over (
        partition by comments.pull_request_id order by comments.created_date nulls last, comments.id
    ) = 1
),

-- each join goes by commit: by project first, every deployment would meet every pull request
deployed_commits as materialized (
    select
        differences.commit_sha,
        commits.cicd_scope_id,
        commits.id,
        commits.started_date,
        commits.finished_date
    from {{ ref('int_devlake_1_0__deployment_commits') }} as commits
    left join {{ ref('int_devlake_1_0__deployment_commits') }} as previous
        on previous.id = commits.prev_success_deployment_commit_id
    inner join {{ ref('int_domain__commits_diffs') }} as differences
        on differences.new_commit_sha = commits.commit_sha
        and coalesce(differences.old_commit_sha, '') = coalesce(previous.commit_sha, '')
    where commits.prev_success_deployment_commit_id is not null
        and commits.environment = 'PRODUCTION'
        and commits.result = 'SUCCESS'
        and differences.commit_sha <> ''
),

candidates as materialized (
    select
        pull_requests.id as pull_request_id,
        pull_requests.base_repo_id,
        deployed_commits.* exclude (commit_sha)
    from {{ ref('int_domain__pull_requests') }} as pull_requests
    inner join deployed_commits on deployed_commits.commit_sha = pull_requests.merge_commit_sha
    where pull_requests.merged_date is not null
),

containing as (
    select
        repositories.project_name,
        candidates.pull_request_id,
        candidates.id,
        candidates.finished_date
    from candidates
    inner join {{ ref('int_domain__project_mapping') }} as repositories
        on repositories.row_id = candidates.base_repo_id and repositories."table" = 'repos'
    inner join {{ ref('int_domain__project_mapping') }} as scopes
        on scopes.project_name = repositories.project_name
        and scopes.row_id = candidates.cicd_scope_id
        and scopes."table" = 'cicd_scopes'
    qualify row_number() over (
        partition by repositories.project_name, candidates.pull_request_id
        order by candidates.started_date nulls last, candidates.id
    ) = 1
),

timed as (
    select
        merged.id,
        merged.project_name,
        first_commits.commit_sha as first_commit_sha,
        first_commits.commit_authored_date as first_commit_authored_date,
        merged.created_date as pr_created_date,
        first_comments.id as first_review_id,
        first_comments.created_date as first_comment_date,
        merged.merged_date as pr_merged_date,
        case when containing.finished_date is not null then containing.id end as deployment_commit_id,
        containing.finished_date as pr_deployed_date,
        {{ minutes_rounded_up('first_commits.commit_authored_date', 'merged.created_date') }} as pr_coding_time,
        {{ minutes_rounded_up('merged.created_date', 'first_comments.created_date') }} as pr_pickup_time,
        {{ minutes_rounded_up('first_comments.created_date', 'merged.merged_date') }} as pr_review_time,
        {{ minutes_rounded_up('merged.merged_date', 'containing.finished_date') }} as pr_deploy_time,
        {{ minutes_rounded_up('merged.created_date', 'merged.merged_date') }} as open_time
    from merged
    left join first_commits on first_commits.pull_request_id = merged.id
    left join first_comments on first_comments.pull_request_id = merged.id
    left join containing
        on containing.project_name = merged.project_name and containing.pull_request_id = merged.id
)

select
    * exclude (open_time),
    coalesce(pr_coding_time, 0) + open_time + coalesce(pr_deploy_time, 0) as pr_cycle_time
from timed
