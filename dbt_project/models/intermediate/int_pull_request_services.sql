-- Grain: one row per pull request and service that its changes touch; one row without service where there is none.
with touched as (
    select distinct changes.pull_request_id, service_changes.service_id
    from {{ ref('int_changes') }} as changes
    inner join {{ ref('int_service_changes') }} as service_changes
        on service_changes.repository = changes.repository and service_changes.commit_sha = changes.commit_sha
    where service_changes.service_id is not null
        and changes.pull_request_id is not null
        and not service_changes.is_path_unknown
),

pull_requests as (
    select {{ pull_request_key('pull_requests') }} as pull_request_id, services.service_id
    from {{ ref('stg_github__pull_requests') }} as pull_requests
    left join {{ ref('int_services') }} as services
        on services.repository = pull_requests.repository and services.is_whole_repository
)

select distinct
    pull_requests.pull_request_id,
    coalesce(pull_requests.service_id, touched.service_id) as service_id
from pull_requests
left join touched on touched.pull_request_id = pull_requests.pull_request_id
