-- Grain: one row per incident of PagerDuty that was not merged into another that was read, with what its log tells, and of
-- which services those were that were merged into it.
with merged_0 as (
    select pages.source, pages.incident_id, coalesce(targets.incident_id, pages.incident_id) as told_incident_id
    from {{ ref('stg_pagerduty__incidents') }} as pages
    left join {{ ref('stg_pagerduty__incidents') }} as targets
        on targets.source = pages.source and targets.incident_id = pages.merged_into_incident_id
),

-- what was merged into one that was itself merged is told by the last; four doublings follow sixteen merges
{% for step in range(1, 5) %}
merged_{{ step }} as (
    select merged.source, merged.incident_id, following.told_incident_id
    from merged_{{ step - 1 }} as merged
    inner join merged_{{ step - 1 }} as following
        on following.source = merged.source and following.incident_id = merged.told_incident_id
),
{% endfor %}

absorbed as (
    select
        merged.source,
        merged.told_incident_id as incident_id,
        list(pages.service_name order by pages.record_id) as service_names,
        list(pages.record_id order by pages.record_id) as record_ids
    from merged_4 as merged
    inner join {{ ref('stg_pagerduty__incidents') }} as pages
        on pages.source = merged.source and pages.incident_id = merged.incident_id
    where merged.told_incident_id <> merged.incident_id
    group by merged.source, merged.told_incident_id
),

log_entries as (
    select
        source,
        incident_id,
        min(created_at) filter (where entry_type = 'acknowledge_log_entry') as acknowledged_at,
        max(created_at) filter (where entry_type = 'resolve_log_entry') as resolved_at,
        list(record_id order by record_id) filter (
            where entry_type in ('acknowledge_log_entry', 'resolve_log_entry')
        ) as record_ids,
        list(record_id order by record_id) filter (where entry_type = 'resolve_log_entry') as resolving_record_ids
    from {{ ref('stg_pagerduty__log_entries') }}
    group by source, incident_id
),

-- what a note names of an incident that was merged into another, it names of that one
log_references as (
    select
        refs.source,
        coalesce(merged.told_incident_id, refs.incident_id) as incident_id,
        flatten(list(refs.referenced_deployment_ids order by refs.record_id)) as referenced_deployment_ids,
        flatten(list(refs.mentioned_shas order by refs.record_id)) as mentioned_shas,
        flatten(list(refs.mentioned_issues order by refs.record_id)) as mentioned_issues,
        flatten(list(refs.referenced_tags order by refs.record_id)) as referenced_tags,
        list(refs.record_id order by refs.record_id) as record_ids
    from {{ ref('stg_pagerduty__log_entries__references') }} as refs
    left join merged_4 as merged on merged.source = refs.source and merged.incident_id = refs.incident_id
    group by refs.source, coalesce(merged.told_incident_id, refs.incident_id)
)

select
    'pagerduty:' || incidents.source || ':incident:' || incidents.incident_id as incident_id,
    incidents.source,
    incidents.incident_id as paged_incident_id,
    incidents.incident_number,
    case when services.service_id is not null then [services.service_id] else [] end as service_ids,
    coalesce(absorbed.service_names, []) as absorbed_service_names,
    coalesce(incidents.priority, incidents.urgency) as severity_text,
    incidents.created_at as declared_at,
    log_entries.acknowledged_at,
    case
        when incidents.status = 'resolved'
            then coalesce(incidents.resolved_at, log_entries.resolved_at, incidents.last_status_change_at)
    end as resolved_at,
    log_references.referenced_deployment_ids,
    log_references.mentioned_shas,
    log_references.mentioned_issues,
    log_references.referenced_tags,
    list_concat(
        coalesce(log_entries.record_ids, []), coalesce(absorbed.record_ids, []), [incidents.record_id]
    ) as record_ids,
    list_concat(
        coalesce(log_entries.resolving_record_ids, []), coalesce(log_references.record_ids, []),
        coalesce(absorbed.record_ids, []), [incidents.record_id]
    ) as cause_record_ids
from {{ ref('stg_pagerduty__incidents') }} as incidents
inner join merged_4 as kept
    on kept.source = incidents.source
    and kept.incident_id = incidents.incident_id
    and kept.told_incident_id = incidents.incident_id
left join absorbed on absorbed.source = incidents.source and absorbed.incident_id = incidents.incident_id
left join {{ ref('int_service_names') }} as services on services.service_name = lower(incidents.service_name)
left join log_entries
    on log_entries.source = incidents.source and log_entries.incident_id = incidents.incident_id
left join log_references
    on log_references.source = incidents.source and log_references.incident_id = incidents.incident_id
