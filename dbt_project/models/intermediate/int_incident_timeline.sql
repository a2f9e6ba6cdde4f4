-- Grain: one row per incident of any source, with its service, its severity, the alert that showed it first, and the
-- incident of another tool that is the same one: declared for the same service within the configured minutes.
with incidents as (
    select * from {{ ref('int_incident_timeline_placed') }}
),

alerts as (
    select alerts.*, services.service_id
    from {{ ref('int_incident_timeline_alerts') }} as alerts
    inner join {{ ref('int_service_names') }} as services on services.service_name = lower(alerts.service)
),

alerted as (
    select
        incidents.incident_id,
        min(alerts.pending_at) as pending_at,
        min(alerts.fired_at) as fired_at,
        list_sort(list_distinct(flatten(list(alerts.record_ids order by alerts.alert_id)))) as record_ids
    from incidents
    inner join alerts
        on alerts.service_id = incidents.service_id
        and alerts.pending_at <= incidents.declared_at
        and alerts.ended_at >= incidents.declared_at
    group by incidents.incident_id
),

doubled as (
    select incident_id, same_as_incident_id
    from {{ ref('int_incident_timeline_matched') }}
    qualify row_number() over (
        partition by incident_id order by source_rank, distance, service_id, same_as_incident_id
    ) = 1
)

select
    incidents.incident_id,
    incidents.source_kind,
    incidents.source,
    incidents.service_id,
    incidents.severity,
    incidents.severity_text,
    doubled.same_as_incident_id,
    coalesce(incidents.impact_started_at, alerted.pending_at) as impact_started_at,
    incidents.declared_at,
    coalesce(least(incidents.declared_at, alerted.fired_at), incidents.declared_at) as detected_at,
    incidents.acknowledged_at,
    incidents.mitigated_at,
    incidents.resolved_at,
    incidents.record_ids,
    incidents.correction_leaf_indexes,
    coalesce(alerted.record_ids, []) as alert_record_ids
from incidents
left join alerted on alerted.incident_id = incidents.incident_id
left join doubled on doubled.incident_id = incidents.incident_id
