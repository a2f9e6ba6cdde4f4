-- Grain: one row per change (one commit) and service that it belongs to.
-- The parts of the lead time cover the change's own life, from commit to deployment: what lies before the commit is no
-- part, an unreviewed change has neither pickup nor review, and the rest of the whole is unattributed.
with phases as (
    select
        changes.*,
        pull_requests.created_at as opened_at,
        pull_requests.merged_at,
        reviewed.first_review_at,
        {{ ordered_ids(['pull_requests.record_id']) }} as pull_request_record_ids,
        coalesce(reviewed.record_ids, []) as review_record_ids
    from {{ ref('int_changes_timed') }} as changes
    left join {{ ref('stg_github__pull_requests') }} as pull_requests
        on {{ pull_request_key('pull_requests') }} = changes.pull_request_id
    left join {{ ref('int_pull_requests_reviewed') }} as reviewed
        on reviewed.pull_request_id = changes.pull_request_id
),

parted as (
    select
        *,
        case when state = 'deployed' then {{ seconds_between('committed_at', 'deployed_at') }} end as lead_time_seconds,
        {{ lead_time_part('committed_at', 'opened_at') }} as coding_seconds,
        {{ lead_time_part('opened_at', 'first_review_at') }} as pickup_seconds,
        {{ lead_time_part('first_review_at', 'merged_at') }} as review_seconds,
        {{ lead_time_part('merged_at', 'deployed_at') }} as merge_to_deploy_seconds
    from phases
)

select
    parted.repository || '@' || parted.commit_sha || coalesce(':' || parted.service_id, '') as change_id,
    parted.service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    reporting.organisation,
    parted.repository,
    parted.commit_sha,
    parted.pull_request_id,
    parted.deployment_id,
    parted.committed_at,
    parted.is_committed_at_author_settable,
    parted.deployed_at,
    {{ reporting_date('parted.deployed_at') }} as deployed_date,
    parted.lead_time_seconds,
    parted.coding_seconds,
    parted.pickup_seconds,
    parted.review_seconds,
    parted.merge_to_deploy_seconds,
    parted.lead_time_seconds
        - coalesce(parted.coding_seconds, 0)
        - coalesce(parted.pickup_seconds, 0)
        - coalesce(parted.review_seconds, 0)
        - coalesce(parted.merge_to_deploy_seconds, 0) as unattributed_seconds,
    parted.state,
    parted.exclusion_reason,
    parted.author_token,
    parted.is_bot,
    list_sort(list_distinct(list_concat(parted.record_ids, coalesce(deployments.record_ids, [])))) as record_ids,
    list_sort(list_distinct(list_concat(
        parted.pull_request_record_ids, parted.review_record_ids, coalesce(predecessors.record_ids, [])
    ))) as context_record_ids
from parted
cross join {{ ref('int_reporting') }} as reporting
left join {{ ref('int_deployments_rolled_out') }} as deployments
    on deployments.deployment_id = parted.deployment_id
left join {{ source('computed', 'deployment_ancestry') }} as ancestry
    on ancestry.deployment_id = parted.deployment_id
left join {{ ref('int_deployments_rolled_out') }} as predecessors
    on predecessors.deployment_id = ancestry.predecessor_deployment_id
{{ join_owners('parted.service_id', 'coalesce(parted.deployed_at, parted.committed_at)') }}
order by change_id
