-- Grain: one row per pull request: when people other than its author reviewed it. A bot's review is none.
select
    {{ pull_request_key('pull_requests') }} as pull_request_id,
    count(*) as review_count,
    min(reviews.submitted_at) as first_review_at,
    list(distinct reviews.record_id order by reviews.record_id) as record_ids
from {{ ref('stg_github__pull_requests') }} as pull_requests
inner join {{ ref('stg_github__reviews') }} as reviews
    on reviews.source = pull_requests.source
    and reviews.repository = pull_requests.repository
    and reviews.pull_request_number = pull_requests.number
where not coalesce(reviews.is_reviewer_bot, false)
    and {{ is_of_another('reviews', 'pull_requests') }}
    and reviews.submitted_at is not null
    and (pull_requests.merged_at is null or reviews.submitted_at <= pull_requests.merged_at)
group by 1
