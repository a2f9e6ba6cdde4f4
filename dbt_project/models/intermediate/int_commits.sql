-- Grain: one row per repository and commit. A clone knows the paths, the API knows the account.
with cloned as (
    select *
    from {{ ref('stg_git__commits') }}
    qualify row_number() over (partition by repository, commit_sha order by record_id) = 1
),

served as (
    select *
    from {{ ref('stg_github__commits') }}
    qualify row_number() over (partition by repository, commit_sha order by record_id) = 1
)

select
    coalesce(cloned.repository, served.repository) as repository,
    coalesce(cloned.commit_sha, served.commit_sha) as commit_sha,
    coalesce(cloned.parent_shas, served.parent_shas, []) as parent_shas,
    coalesce(len(coalesce(cloned.parent_shas, served.parent_shas)) > 1, false) as is_merge,
    coalesce(cloned.authored_at, served.authored_at) as authored_at,
    coalesce(cloned.committed_at, served.committed_at) as committer_at,
    coalesce(served.author_token, cloned.author_token) as author_token,
    coalesce(served.is_author_bot, cloned.is_author_bot, false) as is_bot,
    coalesce(cloned.reverted_shas, served.reverted_shas, []) as reverted_shas,
    coalesce(cloned.mentioned_issues, served.mentioned_issues, []) as mentioned_issues,
    coalesce(cloned.mentioned_keys, served.mentioned_keys, []) as mentioned_keys,
    -- the commit that a cherry-pick was taken from is the same change, not one that it speaks of
    list_filter(
        coalesce(cloned.mentioned_shas, served.mentioned_shas, []),
        lambda sha: not list_contains(coalesce(cloned.cherry_picked_shas, served.cherry_picked_shas, []), sha)
    ) as mentioned_shas,
    coalesce(cloned.is_hotfix_title, served.is_hotfix_title, false) as is_hotfix_title,
    cloned.paths,
    {{ ordered_ids(['cloned.record_id', 'served.record_id']) }} as record_ids
from cloned
full join served
    on served.repository = cloned.repository and served.commit_sha = cloned.commit_sha
