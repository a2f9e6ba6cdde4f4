-- Grain: one row per review or review comment of a pull request, bots' too: this shape does not tell them apart.
with comments as (
    select
        'review:' || review_id as id, source, repository, pull_request_number, reviewer_token as account_id,
        submitted_at as created_date
    from {{ ref('stg_github__reviews') }}
    union all
    select
        'comment:' || comment_id as id, source, repository, pull_request_number, author_token as account_id,
        created_at as created_date
    from {{ ref('stg_github__review_comments') }}
)

select
    comments.source || ':' || comments.id as id,
    {{ pull_request_key('pull_requests') }} as pull_request_id,
    comments.account_id,
    comments.created_date
from comments
inner join {{ ref('stg_github__pull_requests') }} as pull_requests
    on pull_requests.source = comments.source
    and pull_requests.repository = comments.repository
    and pull_requests.number = comments.pull_request_number
where comments.created_date is not null
