-- Grain: one row per pull request and commit of it.
select distinct
    {{ pull_request_key('pull_requests') }} as pull_request_id,
    own.commit_sha,
    own.authored_at as commit_authored_date
from {{ ref('stg_github__pull_request_commits') }} as own
inner join {{ ref('stg_github__pull_requests') }} as pull_requests
    on pull_requests.source = own.source
    and pull_requests.repository = own.repository
    and pull_requests.number = own.pull_request_number
