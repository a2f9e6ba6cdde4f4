-- Grain: one row per incident of any source: detection, acknowledgement, mitigation and resolution.
with pages as (
    select
        incident_id,
        count(*) as page_count,
        count(*) filter (where is_out_of_hours) as out_of_hours_page_count,
        list_sort(list_distinct(flatten(list(record_ids order by record_ids)))) as record_ids
    from {{ ref('int_on_call_pages') }}
    group by incident_id
)

select
    incidents.incident_id,
    incidents.service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    reporting.organisation,
    incidents.source_kind,
    incidents.source,
    incidents.severity,
    incidents.severity_text,
    incidents.same_as_incident_id,
    incidents.same_as_incident_id is null as is_counted,
    incidents.resolved_at is null as is_open,
    incidents.impact_started_at,
    incidents.declared_at,
    incidents.detected_at,
    {{ reporting_date('incidents.detected_at') }} as detected_date,
    incidents.acknowledged_at,
    {{ reporting_date('incidents.acknowledged_at') }} as acknowledged_date,
    incidents.mitigated_at,
    {{ reporting_date('incidents.mitigated_at') }} as mitigated_date,
    incidents.resolved_at,
    {{ reporting_date('incidents.resolved_at') }} as resolved_date,
    case
        when incidents.detected_at >= incidents.impact_started_at
            then {{ seconds_between('incidents.impact_started_at', 'incidents.detected_at') }}
    end as detection_seconds,
    {%- for part in ['acknowledged', 'mitigated', 'resolved'] %}
    case
        when incidents.{{ part }}_at >= incidents.detected_at
            then {{ seconds_between('incidents.detected_at', 'incidents.' ~ part ~ '_at') }}
    end as {{ {'acknowledged': 'acknowledgement', 'mitigated': 'mitigation', 'resolved': 'resolution'}[part] }}_seconds,
    {%- endfor %}
    coalesce(incidents.detected_at < incidents.impact_started_at, false)
    or coalesce(
        least(incidents.acknowledged_at, incidents.mitigated_at, incidents.resolved_at) < incidents.detected_at, false
    ) as has_time_fault,
    coalesce(pages.page_count, 0) as page_count,
    coalesce(pages.out_of_hours_page_count, 0) as out_of_hours_page_count,
    list_sort(list_distinct(list_concat(
        incidents.record_ids, incidents.alert_record_ids, coalesce(pages.record_ids, [])
    ))) as record_ids,
    cast([] as bigint[]) as context_record_ids,
    incidents.correction_leaf_indexes,
    len(incidents.correction_leaf_indexes) > 0 as is_corrected
from {{ ref('int_incident_timeline') }} as incidents
cross join {{ ref('int_reporting') }} as reporting
left join pages on pages.incident_id = incidents.incident_id
{{ join_owners('incidents.service_id', 'incidents.detected_at') }}
order by incidents.incident_id
