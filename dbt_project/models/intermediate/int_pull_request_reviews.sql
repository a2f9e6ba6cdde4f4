-- Grain: one row per pull request: its reviews by people other than its author, in rounds, its size, and whether it names
-- a work item. Commits that follow a review end its round.
with pull_requests as (
    select *, {{ pull_request_key('pull_requests') }} as pull_request_key, repository || '#' || number as reference
    from {{ ref('stg_github__pull_requests') }} as pull_requests
),

events as (
    select
        pull_requests.pull_request_key,
        reviews.submitted_at as event_at,
        true as is_review,
        lower(reviews.state) = 'approved' as is_approval
    from pull_requests
    inner join {{ ref('stg_github__reviews') }} as reviews
        on reviews.source = pull_requests.source
        and reviews.repository = pull_requests.repository
        and reviews.pull_request_number = pull_requests.number
    where not coalesce(reviews.is_reviewer_bot, false)
        and {{ is_of_another('reviews', 'pull_requests') }}
        and reviews.submitted_at is not null
        and (pull_requests.merged_at is null or reviews.submitted_at <= pull_requests.merged_at)
    union all
    select pull_requests.pull_request_key, commits.committed_at, false as is_review, false as is_approval
    from pull_requests
    inner join {{ ref('stg_github__pull_request_commits') }} as commits
        on commits.source = pull_requests.source
        and commits.repository = pull_requests.repository
        and commits.pull_request_number = pull_requests.number
    where commits.committed_at is not null
),

placed as (
    select
        *,
        count(*) filter (where not is_review) over (
            partition by pull_request_key order by event_at, is_review
            range between unbounded preceding and current row
        ) as commits_before
    from events
),

rounds as (
    select
        pull_request_key,
        count(distinct commits_before) as review_round_count,
        bool_or(is_approval) as is_approved
    from placed
    where is_review
    group by pull_request_key
),

named as (
    select mentions.pull_request_key, {{ by_kept_name('mentions.target') }} as target, mentions.record_id
    from (
        select pull_request_key, unnest(mentioned_issues) as target, record_id from pull_requests
    ) as mentions
    {{ join_kept_names('mentions.target') }}
    union all
    select pull_requests.pull_request_key, timeline.repository || '#' || timeline.issue_number, timeline.record_id
    from {{ ref('stg_github__timeline') }} as timeline
    {{ join_kept_names('timeline.cross_reference') }}
    inner join pull_requests on pull_requests.reference = {{ by_kept_name('timeline.cross_reference') }}
),

-- a key means something where a tracker has such an item
keyed as (
    select keys.pull_request_key, keys.record_id
    from (select pull_request_key, unnest(mentioned_keys) as item_key, record_id from pull_requests) as keys
    inner join {{ ref('int_work_items_collected') }} as items
        on items.source_kind = 'jira' and items.item_key = keys.item_key
),

links as (
    select pull_request_key, list(distinct record_id order by record_id) as record_ids
    from (
        select named.pull_request_key, named.record_id
        from named
        anti join pull_requests on pull_requests.reference = named.target
        union all
        select pull_request_key, record_id from keyed
    ) as linking
    group by pull_request_key
),

sizes as (
    select details.source, coalesce(names.repository, details.repository) as repository, details.number,
        details.added_line_count, details.deleted_line_count, details.changed_file_count, details.record_id
    from {{ ref('stg_github__item_details') }} as details
    left join {{ ref('int_repository_names') }} as names on names.name = details.repository
    where details.item_type = 'PullRequest'
    qualify row_number() over (
        partition by details.source, coalesce(names.repository, details.repository), details.number
        order by details.record_id desc
    ) = 1
)

select
    pull_requests.pull_request_key as pull_request_id,
    reviewed.first_review_at,
    coalesce(reviewed.review_count, 0) as review_count,
    coalesce(rounds.review_round_count, 0) as review_round_count,
    coalesce(rounds.is_approved, false) as is_approved,
    links.pull_request_key is not null as is_linked,
    sizes.added_line_count,
    sizes.deleted_line_count,
    sizes.added_line_count + sizes.deleted_line_count as changed_line_count,
    sizes.changed_file_count,
    list_sort(list_distinct(list_concat(
        [pull_requests.record_id],
        coalesce(reviewed.record_ids, []),
        coalesce(links.record_ids, []),
        {{ ordered_ids(['sizes.record_id']) }}
    ))) as record_ids
from pull_requests
left join {{ ref('int_pull_requests_reviewed') }} as reviewed
    on reviewed.pull_request_id = pull_requests.pull_request_key
left join rounds on rounds.pull_request_key = pull_requests.pull_request_key
left join links on links.pull_request_key = pull_requests.pull_request_key
left join sizes
    on sizes.source = pull_requests.source
    and sizes.repository = pull_requests.repository
    and sizes.number = pull_requests.number
