-- Grain: one row per change and thing that it, its pull request or the commit that carries it names.
with pull_requests as (
    select
        {{ pull_request_key('pull_requests') }} as pull_request_id,
        repository,
        number,
        record_id,
        reverted_shas,
        reverted_pull_requests,
        mentioned_shas,
        mentioned_issues,
        mentioned_keys
    from {{ ref('stg_github__pull_requests') }} as pull_requests
),

-- an issue's timeline names the pull requests that mention it
cross_references as (
    select {{ by_kept_name('timeline.cross_reference') }} as pull_request_reference,
        timeline.repository || '#' || timeline.issue_number as target, timeline.record_id
    from {{ ref('stg_github__timeline') }} as timeline
    {{ join_kept_names('timeline.cross_reference') }}
    where timeline.cross_reference is not null
),

named_by_commits as (
    select repository, commit_sha, 'reverts' as relation, 'commit' as target_kind,
        unnest(reverted_shas) as target, record_ids
    from {{ ref('int_changes') }}
    union all
    select repository, commit_sha, 'mentions', 'issue', unnest(mentioned_issues), record_ids
    from {{ ref('int_changes') }}
    union all
    select repository, commit_sha, 'mentions', 'key', unnest(mentioned_keys), record_ids
    from {{ ref('int_changes') }}
    union all
    select changes.repository, changes.commit_sha, 'mentions', 'key', unnest(carriers.mentioned_keys),
        carriers.record_ids
    from {{ ref('int_changes') }} as changes
    inner join {{ ref('int_commits') }} as carriers
        on carriers.repository = changes.repository and carriers.commit_sha = changes.carrier_sha
    union all
    select changes.repository, changes.commit_sha, 'reverts', 'commit', unnest(carriers.reverted_shas),
        carriers.record_ids
    from {{ ref('int_changes') }} as changes
    inner join {{ ref('int_commits') }} as carriers
        on carriers.repository = changes.repository and carriers.commit_sha = changes.carrier_sha
    union all
    select changes.repository, changes.commit_sha, 'mentions', 'issue', unnest(carriers.mentioned_issues),
        carriers.record_ids
    from {{ ref('int_changes') }} as changes
    inner join {{ ref('int_commits') }} as carriers
        on carriers.repository = changes.repository and carriers.commit_sha = changes.carrier_sha
    union all
    select changes.repository, changes.commit_sha, 'mentions', 'commit', unnest(carriers.mentioned_shas),
        carriers.record_ids
    from {{ ref('int_changes') }} as changes
    inner join {{ ref('int_commits') }} as carriers
        on carriers.repository = changes.repository and carriers.commit_sha = changes.carrier_sha
),

named_by_pull_requests as (
    select pull_request_id, 'reverts' as relation, 'commit' as target_kind, unnest(reverted_shas) as target, record_id
    from pull_requests
    union all
    select pull_request_id, 'reverts', 'issue', unnest(reverted_pull_requests), record_id
    from pull_requests
    union all
    select pull_request_id, 'mentions', 'commit', unnest(mentioned_shas), record_id
    from pull_requests
    union all
    select pull_request_id, 'mentions', 'issue', unnest(mentioned_issues), record_id
    from pull_requests
    union all
    select pull_request_id, 'mentions', 'key', unnest(mentioned_keys), record_id
    from pull_requests
    union all
    select pull_requests.pull_request_id, 'mentions', 'issue', cross_references.target, cross_references.record_id
    from cross_references
    inner join pull_requests
        on pull_requests.repository || '#' || pull_requests.number = cross_references.pull_request_reference
),

named as (
    select repository, commit_sha, relation, target_kind, target, unnest(record_ids) as record_id
    from named_by_commits
    union all
    select changes.repository, changes.commit_sha, named_by_pull_requests.relation,
        named_by_pull_requests.target_kind, named_by_pull_requests.target, named_by_pull_requests.record_id
    from named_by_pull_requests
    inner join {{ ref('int_changes') }} as changes
        on changes.pull_request_id = named_by_pull_requests.pull_request_id
)

select
    named.repository,
    named.commit_sha,
    named.relation,
    named.target_kind,
    {{ by_kept_name('named.target') }} as target,
    list(distinct named.record_id order by named.record_id) as record_ids
from named
{{ join_kept_names('named.target') }}
where named.target is not null
group by all
