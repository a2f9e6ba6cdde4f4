-- Grain: one row per incident of any source, with its service, its severity, the alert that showed it first, and the
-- incident of another tool that is the same one: declared for the same service within the configured minutes.
with names as (
    select service_id, lower(service_id) as service_name from {{ ref('int_services') }}
    union
    select service_id, lower(title) as service_name from {{ ref('int_services') }}
    union
    select service_id, lower(split_part(service_id, '/', -1)) as service_name from {{ ref('int_services') }}
),

services as (
    select service_name, min(service_id) as service_id
    from names
    group by service_name
),

levels as (
    select list({
        'severity': severity, 'severity_pattern': severity_pattern
    } order by position) as levels
    from {{ source('config', 'severity_levels') }}
),

severities as (
    select
        texts.severity_text,
        list_filter(
            coalesce(levels.levels, []), lambda level: regexp_matches(texts.severity_text, level.severity_pattern)
        )[1].severity as severity
    from (
        select distinct severity_text
        from {{ ref('int_incident_timeline_reported') }}
        where severity_text is not null
    ) as texts
    cross join levels
),

incidents as (
    select
        reported.*,
        services.service_id,
        coalesce(severities.severity, 'unknown') as severity
    from {{ ref('int_incident_timeline_reported') }} as reported
    left join services on services.service_name = lower(reported.service)
    left join severities on severities.severity_text = reported.severity_text
    where reported.declared_at is not null
),

alerts as (
    select alerts.*, services.service_id
    from {{ ref('int_incident_timeline_alerts') }} as alerts
    inner join services on services.service_name = lower(alerts.service)
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
    select incidents.incident_id, others.incident_id as same_as_incident_id
    from incidents
    cross join {{ source('config', 'flow_rules') }} as rules
    inner join incidents as others
        on others.service_id = incidents.service_id
        and others.source_rank < incidents.source_rank
        and others.declared_at >= incidents.declared_at - rules.same_incident_minutes * interval 1 minute
        and others.declared_at <= incidents.declared_at + rules.same_incident_minutes * interval 1 minute
    qualify row_number() over (
        partition by incidents.incident_id
        order by
            others.source_rank,
            abs(epoch_us(others.declared_at) - epoch_us(incidents.declared_at)),
            others.incident_id
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
    coalesce(alerted.record_ids, []) as alert_record_ids
from incidents
left join alerted on alerted.incident_id = incidents.incident_id
left join doubled on doubled.incident_id = incidents.incident_id
