-- Grain: one row per failed deployment and piece of evidence that it failed: a linked incident of a configured
-- severity, the rollback that replaced it, or a hotfix that names one of its changes. DEFINITIONS §2, rule table.
with incidents as (
    select
        links.deployment_id,
        'incident' as evidence,
        links.link_strength,
        incidents.incident_id,
        incidents.started_at,
        incidents.resolved_at,
        cast(null as timestamptz) as remedied_at,
        list_sort(list_distinct(list_concat(links.record_ids, incidents.record_ids))) as record_ids
    from {{ ref('int_incident_links') }} as links
    inner join {{ ref('int_incidents') }} as incidents on incidents.incident_id = links.incident_id
    where incidents.is_severity_configured
),

rollbacks as (
    select
        rollbacks.predecessor_deployment_id as deployment_id,
        'rolled_back' as evidence,
        'explicit' as link_strength,
        cast(null as varchar) as incident_id,
        cast(null as timestamptz) as started_at,
        cast(null as timestamptz) as resolved_at,
        rollbacks.finished_at as remedied_at,
        rolled_out.record_ids
    from {{ ref('int_deployments_classified') }} as rollbacks
    inner join {{ ref('int_deployments_rolled_out') }} as rolled_out
        on rolled_out.deployment_id = rollbacks.deployment_id
    where rollbacks.is_rollback and rollbacks.predecessor_deployment_id is not null
),

hotfixes as (
    select distinct
        failed.deployment_id,
        'hotfix' as evidence,
        'explicit' as link_strength,
        cast(null as varchar) as incident_id,
        cast(null as timestamptz) as started_at,
        cast(null as timestamptz) as resolved_at,
        fixing.finished_at as remedied_at,
        list_sort(list_distinct(list_concat(targets.record_ids, rolled_out.record_ids))) as record_ids
    from {{ ref('int_hotfix_changes') }} as fixes
    inner join {{ ref('int_deployments_classified') }} as fixing on fixing.deployment_id = fixes.deployment_id
    inner join {{ ref('int_deployments_rolled_out') }} as rolled_out
        on rolled_out.deployment_id = fixes.deployment_id
    inner join {{ ref('int_change_targets') }} as targets
        on targets.repository = fixes.repository and targets.commit_sha = fixes.commit_sha
    inner join {{ ref('int_changes_deployed') }} as failed
        on failed.service_id = fixes.service_id
        and failed.repository = targets.target_repository
        and failed.commit_sha = targets.target_sha
        and failed.deployment_id <> fixes.deployment_id
        and failed.finished_at <= fixing.finished_at
    where fixes.is_hotfix and not failed.is_baseline
)

select * from incidents
union all
select * from rollbacks
union all
select * from hotfixes
