-- Grain: one row per merged pull request and change that it brought, with the commit that carries it on the branch.
-- Squash and rebase: the pull request's own commits are the changes, and the result carries them. DEFINITIONS §2.10.
with own_commits as (
    select
        results.pull_request_id,
        results.repository,
        results.number,
        results.merged_at,
        results.merge_kind,
        results.result_sha,
        results.result_committer_at,
        own.commit_sha,
        own.authored_at,
        own.committed_at as committer_at,
        own.author_token,
        coalesce(own.is_author_bot, false) as is_bot,
        coalesce(own.reverted_shas, []) as reverted_shas,
        coalesce(own.mentioned_issues, []) as mentioned_issues,
        coalesce(own.mentioned_keys, []) as mentioned_keys,
        [own.record_id] as record_ids
    from {{ ref('int_pull_request_results') }} as results
    inner join {{ ref('stg_github__pull_request_commits') }} as own
        on own.source = results.source
        and own.repository = results.repository
        and own.pull_request_number = results.number
    where coalesce(own.parent_count, 1) < 2
    qualify row_number() over (
        partition by results.pull_request_id, own.commit_sha order by own.position
    ) = 1
),

rebased_copies as (
    select
        own_commits.pull_request_id,
        own_commits.commit_sha,
        copies.commit_sha as copy_sha
    from own_commits
    inner join {{ ref('int_commits') }} as copies
        on copies.repository = own_commits.repository
        and copies.authored_at = own_commits.authored_at
        and copies.commit_sha <> own_commits.commit_sha
        and not copies.is_merge
        and copies.committer_at <= own_commits.result_committer_at
        and copies.committer_at >= own_commits.result_committer_at - interval 1 hour
    where own_commits.merge_kind = 'rebase'
    qualify row_number() over (
        partition by own_commits.pull_request_id, own_commits.commit_sha
        order by copies.committer_at desc, copies.commit_sha
    ) = 1
),

-- where the listing of own commits is empty, the result itself is the change
results_alone as (
    select
        results.pull_request_id, results.repository, results.number, results.merged_at, results.merge_kind,
        results.result_sha, results.result_committer_at, commits.commit_sha, commits.authored_at,
        commits.committer_at, commits.author_token, commits.is_bot, commits.reverted_shas,
        commits.mentioned_issues, commits.mentioned_keys, commits.record_ids
    from {{ ref('int_pull_request_results') }} as results
    inner join {{ ref('int_commits') }} as commits
        on commits.repository = results.repository and commits.commit_sha = results.result_sha
    where results.own_commit_count = 0 and not commits.is_merge
),

changes as (
    select * from own_commits
    union all
    select * from results_alone
)

select
    changes.* exclude (result_committer_at),
    case
        when changes.merge_kind = 'unknown' then null
        when changes.merge_kind in ('merge', 'fast_forward') and commits.commit_sha is not null
            then changes.commit_sha
        else coalesce(rebased_copies.copy_sha, changes.result_sha)
    end as carrier_sha
from changes
left join rebased_copies
    on rebased_copies.pull_request_id = changes.pull_request_id
    and rebased_copies.commit_sha = changes.commit_sha
left join {{ ref('int_commits') }} as commits
    on commits.repository = changes.repository and commits.commit_sha = changes.commit_sha
