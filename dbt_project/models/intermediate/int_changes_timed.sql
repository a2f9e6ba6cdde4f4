-- Grain: one row per service and change: its instants, its state and why it is left out.
-- A change is deployed, waiting for a deployment, or excluded for a reason; nothing else.
with timed as (
    select
        service_changes.service_id,
        service_changes.repository,
        service_changes.commit_sha,
        changes.pull_request_id,
        changes.author_token,
        changes.is_bot,
        coalesce(first_seen.seen_at, changes.committer_at) as committed_at,
        first_seen.seen_at is null as is_committed_at_author_settable,
        deployed.deployment_id,
        deployed.finished_at as deployed_at,
        case
            when service_changes.service_id is null then 'no_service'
            when service_changes.is_path_unknown then 'paths_unknown'
            when deployed.is_baseline then 'no_baseline'
            when deployed.finished_at < coalesce(first_seen.seen_at, changes.committer_at) then 'negative_duration'
            when deployed.deployment_id is not null then null
            when changes.merge_kind = 'unmerged' then 'not_merged'
            when changes.carrier_sha is null then 'merge_result_unknown'
        end as exclusion_reason,
        list_sort(list_distinct(list_concat(
            changes.record_ids, {{ ordered_ids(['first_seen.record_id']) }}
        ))) as record_ids
    from {{ ref('int_service_changes') }} as service_changes
    inner join {{ ref('int_changes') }} as changes
        on changes.repository = service_changes.repository and changes.commit_sha = service_changes.commit_sha
    left join {{ ref('int_commit_first_seen') }} as first_seen
        on first_seen.repository = changes.repository and first_seen.commit_sha = changes.commit_sha
    left join {{ ref('int_changes_deployed') }} as deployed
        on deployed.service_id = service_changes.service_id
        and deployed.repository = service_changes.repository
        and deployed.commit_sha = service_changes.commit_sha
)

select
    *,
    case
        when exclusion_reason is not null then 'excluded'
        when deployment_id is null then 'waiting'
        else 'deployed'
    end as state
from timed
