-- Grain: one row per service, kind of fact and reason for which facts stand outside the metrics: counted, never dropped.
-- Negative durations are faults of the data; what has no baseline would swallow years. DEFINITIONS §2.5, §2.9, §2.12.
with excluded as (
    select service_id, 'change' as fact_kind, exclusion_reason as reason, deployed_date as event_date, change_id as fact_id
    from {{ ref('fct_changes') }}
    where state = 'excluded'
    union all
    select
        service_id,
        'pull_request' as fact_kind,
        case
            when first_committed_at is null then 'no_commits_known'
            when deployed_at < first_committed_at then 'negative_duration'
            else 'no_baseline'
        end as reason,
        deployed_date as event_date,
        pull_request_service_id as fact_id
    from {{ ref('fct_pull_requests') }}
    where delivery_state = 'excluded'
    union all
    select service_id, 'recovery' as fact_kind, 'negative_duration' as reason, detected_date as event_date, failure_id as fact_id
    from {{ ref('fct_change_failures') }}
    where link_basis = 'any' and state = 'excluded'
    union all
    select service_id, 'deployment' as fact_kind, 'failed_rollout' as reason, deployed_date as event_date, deployment_id as fact_id
    from {{ ref('fct_deployments') }}
    where is_production and outcome = 'failed_rollout'
)

select
    fact_kind || ':' || reason || coalesce(':' || service_id, '') as exclusion_id,
    service_id,
    fact_kind,
    reason,
    reason = 'negative_duration' as is_data_fault,
    count(*) as fact_count,
    min(event_date) as first_date,
    max(event_date) as last_date,
    list_sort(list(fact_id))[1:5] as example_ids
from excluded
group by service_id, fact_kind, reason
order by exclusion_id
