-- Grain: one row per change, relation and other change that it names, directly or by its pull request.
-- Only what mends something is asked what it names: reverts, marked hotfixes, and changes that name an incident.
with mending as (
    select repository, commit_sha
    from {{ ref('int_change_references') }}
    where relation = 'reverts'
    union
    select refs.repository, refs.commit_sha
    from {{ ref('int_change_references') }} as refs
    inner join {{ ref('int_incident_names') }} as names on names.name = refs.target
    where refs.target_kind in ('issue', 'key')
    union
    select changes.repository, changes.commit_sha
    from {{ ref('int_changes') }} as changes
    left join {{ ref('stg_github__pull_requests') }} as pull_requests
        on {{ pull_request_key('pull_requests') }} = changes.pull_request_id
    where changes.is_hotfix_title
        or pull_requests.is_hotfix_branch or pull_requests.is_hotfix_label or pull_requests.is_hotfix_title
),

refs as (
    select refs.*
    from {{ ref('int_change_references') }} as refs
    inner join mending on mending.repository = refs.repository and mending.commit_sha = refs.commit_sha
),

by_commit as (
    select refs.repository, refs.commit_sha, refs.relation, names.repository as target_repository,
        names.commit_sha as target_sha, refs.record_ids
    from refs
    inner join {{ ref('int_commit_names') }} as names
        on names.repository = refs.repository
        and names.short_sha = left(refs.target, 7)
        and starts_with(names.named_sha, refs.target)
    where refs.target_kind = 'commit'
),

by_pull_request as (
    select refs.repository, refs.commit_sha, refs.relation, changes.repository as target_repository,
        changes.commit_sha as target_sha, refs.record_ids
    from refs
    inner join {{ ref('int_pull_request_results') }} as results
        on results.repository || '#' || results.number = refs.target
    inner join {{ ref('int_changes') }} as changes
        on changes.pull_request_id = results.pull_request_id
    where refs.target_kind = 'issue'
),

targets as (
    select * from by_commit
    union all
    select * from by_pull_request
)

select
    repository,
    commit_sha,
    relation,
    target_repository,
    target_sha,
    list_sort(list_distinct(flatten(list(record_ids order by record_ids)))) as record_ids
from targets
where not (target_repository = repository and target_sha = commit_sha)
group by repository, commit_sha, relation, target_repository, target_sha
