-- Grain: one row per pull request.
select
    {{ pull_request_key('pull_requests') }} as id,
    pull_requests.repository as base_repo_id,
    pull_requests.author_token as author_id,
    pull_requests.created_at as created_date,
    pull_requests.merged_at as merged_date,
    results.result_sha as merge_commit_sha
from {{ ref('stg_github__pull_requests') }} as pull_requests
left join {{ ref('int_pull_request_results') }} as results
    on results.pull_request_id = {{ pull_request_key('pull_requests') }}
