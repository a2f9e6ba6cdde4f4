-- Grain: one row per merged pull request: the commit that the merge left behind, and how it was merged.
-- The timeline's `merged` event is believed before `merge_commit_sha`, which can be stale.
with merge_events as (
    select source, repository, issue_number, commit_sha, record_id
    from {{ ref('stg_github__timeline') }}
    where event = 'merged' and commit_sha is not null
    qualify row_number() over (
        partition by source, repository, issue_number order by event_at desc nulls last, position desc
    ) = 1
),

merged as (
    select
        pull_requests.source,
        pull_requests.repository,
        pull_requests.number,
        {{ pull_request_key('pull_requests') }} as pull_request_id,
        pull_requests.merged_at,
        coalesce(merge_events.commit_sha, pull_requests.merge_commit_sha) as result_sha,
        case
            when merge_events.commit_sha is not null then 'timeline'
            when pull_requests.merge_commit_sha is not null then 'merge_commit_sha'
        end as result_basis,
        {{ ordered_ids(['pull_requests.record_id', 'merge_events.record_id']) }} as record_ids
    from {{ ref('stg_github__pull_requests') }} as pull_requests
    left join merge_events
        on merge_events.source = pull_requests.source
        and merge_events.repository = pull_requests.repository
        and merge_events.issue_number = pull_requests.number
    where pull_requests.merged_at is not null
),

own_commits as (
    select
        source,
        repository,
        pull_request_number,
        list(commit_sha order by position) as shas,
        list(authored_at order by position) as authored_times
    from {{ ref('stg_github__pull_request_commits') }}
    where coalesce(parent_count, 1) < 2
    group by source, repository, pull_request_number
)

select
    merged.source,
    merged.repository,
    merged.number,
    merged.pull_request_id,
    merged.merged_at,
    merged.result_sha,
    merged.result_basis,
    case
        when results.commit_sha is null then 'unknown'
        when results.is_merge then 'merge'
        when list_contains(own_commits.shas, merged.result_sha) then 'fast_forward'
        when results.authored_at = own_commits.authored_times[len(own_commits.authored_times)] then 'rebase'
        else 'squash'
    end as merge_kind,
    results.committer_at as result_committer_at,
    coalesce(len(own_commits.shas), 0) as own_commit_count,
    list_sort(list_distinct(list_concat(merged.record_ids, coalesce(results.record_ids, [])))) as record_ids
from merged
left join own_commits
    on own_commits.source = merged.source
    and own_commits.repository = merged.repository
    and own_commits.pull_request_number = merged.number
left join {{ ref('int_commits') }} as results
    on results.repository = merged.repository and results.commit_sha = merged.result_sha
