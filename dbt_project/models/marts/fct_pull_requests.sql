-- Grain: one row per pull request and service that it touches (without service where there is none).
with own_changes as (
    select
        changes.pull_request_id,
        changes.service_id,
        count(*) as change_count,
        min(changes.committed_at) as first_committed_at,
        list_sort(list_distinct(flatten(list(changes.record_ids order by changes.commit_sha)))) as record_ids
    from {{ ref('int_changes_timed') }} as changes
    where changes.pull_request_id is not null
    group by changes.pull_request_id, changes.service_id
),

pull_requests as (
    select
        pull_requests.*,
        services.pull_request_id as pull_request_key,
        services.service_id,
        own_changes.change_count,
        own_changes.first_committed_at,
        own_changes.record_ids as change_record_ids,
        results.merge_kind,
        results.record_ids as result_record_ids,
        deployments.deployment_id,
        deployments.finished_at as deployed_at,
        deployments.record_ids as deployment_record_ids,
        case
            when pull_requests.merged_at is null then 'unmerged'
            when deployments.deployment_id is null then 'waiting'
            when contained.is_baseline
                or own_changes.first_committed_at is null
                or deployments.finished_at < own_changes.first_committed_at then 'excluded'
            else 'deployed'
        end as delivery_state
    from {{ ref('int_pull_request_services') }} as services
    inner join {{ ref('stg_github__pull_requests') }} as pull_requests
        on {{ pull_request_key('pull_requests') }} = services.pull_request_id
    left join own_changes
        on own_changes.pull_request_id = services.pull_request_id
        and own_changes.service_id is not distinct from services.service_id
    left join {{ ref('int_pull_request_results') }} as results
        on results.pull_request_id = services.pull_request_id
    left join {{ source('computed', 'deployment_commits') }} as contained
        on contained.service_id = services.service_id
        and contained.repository = results.repository
        and contained.commit_sha = results.result_sha
    left join {{ ref('int_deployments_rolled_out') }} as deployments
        on deployments.deployment_id = contained.deployment_id
)

select
    pull_requests.pull_request_key || coalesce(':' || pull_requests.service_id, '') as pull_request_service_id,
    pull_requests.pull_request_key as pull_request_id,
    pull_requests.service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    reporting.organisation,
    pull_requests.repository,
    pull_requests.number,
    case when pull_requests.merged_at is not null then 'merged' else pull_requests.state end as state,
    pull_requests.merge_kind,
    pull_requests.delivery_state,
    pull_requests.author_token,
    coalesce(pull_requests.is_author_bot, false) as is_bot,
    coalesce(pull_requests.change_count, 0) as change_count,
    coalesce(reviewed.review_count, 0) as review_count,
    pull_requests.first_committed_at,
    pull_requests.created_at,
    reviewed.first_review_at,
    pull_requests.merged_at,
    {{ reporting_date('pull_requests.merged_at') }} as merged_date,
    pull_requests.closed_at,
    pull_requests.deployment_id,
    pull_requests.deployed_at,
    {{ reporting_date('pull_requests.deployed_at') }} as deployed_date,
    {{ seconds_between('pull_requests.created_at', 'reviewed.first_review_at') }} as pickup_seconds,
    {{ seconds_between('pull_requests.created_at', 'pull_requests.merged_at') }} as cycle_seconds,
    case
        when pull_requests.delivery_state = 'deployed'
            then {{ seconds_between('pull_requests.first_committed_at', 'pull_requests.deployed_at') }}
    end as lead_time_seconds,
    list_sort(list_distinct(list_concat(
        [pull_requests.record_id],
        coalesce(pull_requests.result_record_ids, []),
        coalesce(pull_requests.change_record_ids, []),
        coalesce(pull_requests.deployment_record_ids, [])
    ))) as record_ids,
    coalesce(reviewed.record_ids, []) as context_record_ids
from pull_requests
cross join {{ ref('int_reporting') }} as reporting
left join {{ ref('int_pull_requests_reviewed') }} as reviewed
    on reviewed.pull_request_id = pull_requests.pull_request_key
{{ join_owners(
    'pull_requests.service_id',
    'coalesce(pull_requests.deployed_at, pull_requests.merged_at, pull_requests.created_at)'
) }}
order by pull_request_service_id
