-- Grain: one row per deployment of a service; a failed rollout is one too, and enters no metric.
with failures as (
    select
        deployment_id,
        bool_or(link_strength = 'explicit') as is_explicit,
        list_sort(list_distinct(flatten(list(record_ids order by record_ids)))) as record_ids
    from {{ ref('int_deployment_failures') }}
    group by deployment_id
)

select
    deployments.deployment_id,
    deployments.service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    reporting.organisation,
    deployments.repository,
    deployments.environment,
    deployments.is_production,
    deployments.commit_sha,
    deployments.started_at,
    deployments.finished_at,
    {{ reporting_date('deployments.finished_at') }} as deployed_date,
    deployments.outcome,
    coalesce(classified.is_without_change, false) as is_without_change,
    coalesce(classified.is_rollback, false) as is_rollback,
    coalesce(classified.is_hotfix, false) as is_hotfix,
    coalesce(classified.is_unplanned, false) as is_unplanned,
    failures.deployment_id is not null as is_change_failure,
    coalesce(failures.is_explicit, false) as is_change_failure_explicit,
    case
        when failures.deployment_id is null then 'none'
        when failures.is_explicit then 'explicit'
        else 'rule'
    end as failure_link,
    classified.predecessor_deployment_id,
    coalesce(classified.has_baseline, false) as has_baseline,
    deployments.part_ids,
    list_sort(list_distinct(list_concat(
        deployments.record_ids, coalesce(classified.record_ids, []), coalesce(failures.record_ids, [])
    ))) as record_ids,
    coalesce(predecessors.record_ids, []) as context_record_ids,
    deployments.correction_leaf_indexes,
    len(deployments.correction_leaf_indexes) > 0 as is_corrected
from {{ ref('int_deployments_rolled_out') }} as deployments
cross join {{ ref('int_reporting') }} as reporting
left join {{ ref('int_deployments_classified') }} as classified
    on classified.deployment_id = deployments.deployment_id
left join {{ ref('int_deployments_rolled_out') }} as predecessors
    on predecessors.deployment_id = classified.predecessor_deployment_id
left join failures on failures.deployment_id = deployments.deployment_id
{{ join_owners('deployments.service_id', 'deployments.finished_at') }}
order by deployments.deployment_id
