-- Grain: one row per submitted review of a pull request.
select
    'github:' || reviews.source || ':review:' || reviews.review_id as review_id,
    {{ pull_request_key('pull_requests') }} as pull_request_id,
    services.service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    reporting.organisation,
    reviews.repository,
    reviews.pull_request_number as number,
    reviews.reviewer_token,
    coalesce(reviews.is_reviewer_bot, false) as is_bot,
    reviews.reviewer_token is not distinct from pull_requests.author_token as is_by_author,
    lower(reviews.state) as state,
    reviews.submitted_at,
    {{ reporting_date('reviews.submitted_at') }} as submitted_date,
    {{ seconds_between('pull_requests.created_at', 'reviews.submitted_at') }} as after_opening_seconds,
    [reviews.record_id] as record_ids,
    {{ ordered_ids(['pull_requests.record_id']) }} as context_record_ids
from {{ ref('stg_github__reviews') }} as reviews
cross join {{ ref('int_reporting') }} as reporting
left join {{ ref('stg_github__pull_requests') }} as pull_requests
    on pull_requests.source = reviews.source
    and pull_requests.repository = reviews.repository
    and pull_requests.number = reviews.pull_request_number
left join {{ ref('int_repository_services') }} as services on services.repository = reviews.repository
{{ join_owners('services.service_id', 'reviews.submitted_at') }}
order by review_id
