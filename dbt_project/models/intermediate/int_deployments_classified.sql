-- Grain: one row per successful production deployment: what it replaced and what kind it is. DEFINITIONS §2, rules.
with hotfixes as (
    select
        deployment_id,
        bool_or(is_hotfix) as is_hotfix,
        list_sort(list_distinct(flatten(list(record_ids order by record_ids)))) as record_ids
    from {{ ref('int_hotfix_changes') }}
    group by deployment_id
)

select
    deployments.deployment_id,
    deployments.service_id,
    deployments.started_at,
    deployments.finished_at,
    ancestry.predecessor_deployment_id,
    ancestry.relation <> 'unknown' as has_baseline,
    ancestry.relation = 'same' as is_without_change,
    ancestry.relation = 'ancestor' or deployments.is_declared_rollback as is_rollback,
    coalesce(hotfixes.is_hotfix, false) as is_hotfix,
    ancestry.relation = 'ancestor' or deployments.is_declared_rollback or hotfixes.deployment_id is not null
        as is_unplanned,
    coalesce(hotfixes.record_ids, []) as record_ids
from {{ ref('int_deployments_rolled_out') }} as deployments
inner join {{ source('computed', 'deployment_ancestry') }} as ancestry
    on ancestry.deployment_id = deployments.deployment_id
left join hotfixes on hotfixes.deployment_id = deployments.deployment_id
