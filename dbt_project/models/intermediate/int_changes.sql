-- Grain: one row per repository and change (one commit). No change stands both as itself and as the commit that a
-- squash or a rebase made of it. DEFINITIONS §2.10.
with outer_carriers as (
    select repository, commit_sha, carrier_sha
    from {{ ref('int_pull_request_changes') }}
    where carrier_sha <> commit_sha
    qualify row_number() over (partition by repository, commit_sha order by merged_at, pull_request_id) = 1
),

carried as (
    select
        changes.repository,
        changes.commit_sha,
        -- a pull request into another pull request's branch is carried by whatever carries that one
        coalesce(outer_carriers.carrier_sha, changes.carrier_sha) as carrier_sha,
        changes.pull_request_id,
        changes.merge_kind,
        changes.authored_at,
        changes.committer_at,
        changes.author_token,
        changes.is_bot,
        changes.reverted_shas,
        changes.mentioned_issues,
        changes.mentioned_keys,
        changes.record_ids
    from {{ ref('int_pull_request_changes') }} as changes
    left join outer_carriers
        on outer_carriers.repository = changes.repository
        and outer_carriers.commit_sha = changes.carrier_sha
    qualify row_number() over (
        partition by changes.repository, changes.commit_sha
        order by changes.carrier_sha is null, changes.merged_at, changes.pull_request_id
    ) = 1
),

replaced as (
    select distinct repository, carrier_sha as commit_sha
    from {{ ref('int_pull_request_changes') }}
    where carrier_sha <> commit_sha
),

unmerged as (
    select distinct own.repository, own.commit_sha, {{ pull_request_key('pull_requests') }} as pull_request_id
    from {{ ref('stg_github__pull_request_commits') }} as own
    inner join {{ ref('stg_github__pull_requests') }} as pull_requests
        on pull_requests.source = own.source
        and pull_requests.repository = own.repository
        and pull_requests.number = own.pull_request_number
    where pull_requests.merged_at is null
    qualify row_number() over (
        partition by own.repository, own.commit_sha order by pull_requests.pull_request_id
    ) = 1
),

direct as (
    select
        commits.repository,
        commits.commit_sha,
        commits.commit_sha as carrier_sha,
        unmerged.pull_request_id,
        case when unmerged.pull_request_id is null then 'direct' else 'unmerged' end as merge_kind,
        commits.authored_at,
        commits.committer_at,
        commits.author_token,
        commits.is_bot,
        commits.reverted_shas,
        commits.mentioned_issues,
        commits.mentioned_keys,
        commits.record_ids
    from {{ ref('int_commits') }} as commits
    left join unmerged
        on unmerged.repository = commits.repository and unmerged.commit_sha = commits.commit_sha
    where not commits.is_merge
        and not exists (
            select 1 from carried
            where carried.repository = commits.repository and carried.commit_sha = commits.commit_sha
        )
),

changes as (
    select * from carried
    union all
    select * from direct
)

select
    changes.* exclude (record_ids),
    carriers.paths,
    coalesce(carriers.is_hotfix_title, false) as is_hotfix_title,
    list_sort(list_distinct(list_concat(changes.record_ids, coalesce(carriers.record_ids, [])))) as record_ids
from changes
left join {{ ref('int_commits') }} as carriers
    on carriers.repository = changes.repository and carriers.commit_sha = changes.carrier_sha
where not exists (
    select 1 from replaced
    where replaced.repository = changes.repository and replaced.commit_sha = changes.commit_sha
)
