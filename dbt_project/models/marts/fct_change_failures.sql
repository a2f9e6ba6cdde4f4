-- Grain: one row per failed deployment and link basis: `explicit` counts named evidence only, `any` the rule's too.
-- Detected when its first incident began, else when the deployment ended; restored when its last incident is resolved,
-- and where there is none, when the first remedying deployment ended. DEFINITIONS §1.
with evidence as (
    select 'explicit' as link_basis, *
    from {{ ref('int_deployment_failures') }}
    where link_strength = 'explicit'
    union all
    select 'any' as link_basis, *
    from {{ ref('int_deployment_failures') }}
),

failures as (
    select
        deployment_id,
        link_basis,
        case when bool_or(link_strength = 'explicit') then 'explicit' else 'rule' end as failure_link,
        min(started_at) as incident_started_at,
        case
            when count(incident_id) = 0 then min(remedied_at)
            when count(incident_id) = count(resolved_at) then max(resolved_at)
        end as restored_at,
        list_sort(list_distinct(list(incident_id) filter (where incident_id is not null))) as incident_ids,
        list_sort(list_distinct(flatten(list(record_ids order by record_ids)))) as record_ids
    from evidence
    group by deployment_id, link_basis
),

timed as (
    select
        failures.*,
        deployments.service_id,
        deployments.finished_at,
        coalesce(failures.incident_started_at, deployments.finished_at) as detected_at,
        deployments.record_ids as deployment_record_ids
    from failures
    inner join {{ ref('int_deployments_rolled_out') }} as deployments
        on deployments.deployment_id = failures.deployment_id
)

select
    timed.deployment_id || ':' || timed.link_basis as failure_id,
    timed.deployment_id,
    timed.service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    reporting.organisation,
    timed.link_basis,
    timed.failure_link,
    coalesce(timed.incident_ids, []) as incident_ids,
    timed.detected_at,
    {{ reporting_date('timed.detected_at') }} as detected_date,
    timed.restored_at,
    {{ reporting_date('timed.restored_at') }} as restored_date,
    case
        when timed.restored_at >= timed.detected_at
            then {{ seconds_between('timed.detected_at', 'timed.restored_at') }}
    end as recovery_seconds,
    timed.restored_at is null as is_open,
    case
        when timed.restored_at is null then 'open'
        when timed.restored_at < timed.detected_at then 'excluded'
        else 'restored'
    end as state,
    list_sort(list_distinct(list_concat(timed.deployment_record_ids, timed.record_ids))) as record_ids,
    cast([] as bigint[]) as context_record_ids
from timed
cross join {{ ref('int_reporting') }} as reporting
{{ join_owners('timed.service_id', 'timed.finished_at') }}
order by failure_id
