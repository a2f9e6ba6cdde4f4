-- Grain: one row per incident of any source as it was reported: when it began to hurt, was declared, acknowledged,
-- mitigated and resolved, where the source says so. A lower rank is believed first where two tell of one incident.
with log_entries as (
    select
        source,
        incident_id,
        min(created_at) filter (where entry_type = 'acknowledge_log_entry') as acknowledged_at,
        max(created_at) filter (where entry_type = 'resolve_log_entry') as resolved_at,
        list(record_id order by record_id) filter (
            where entry_type in ('acknowledge_log_entry', 'resolve_log_entry')
        ) as record_ids
    from {{ ref('stg_pagerduty__log_entries') }}
    group by source, incident_id
),

-- comments and assignments by people; labels that say that it hurts no more
mitigating_labels as (
    select names.label
    from (select distinct label from {{ ref('stg_github__timeline') }} where event = 'labeled') as names
    cross join {{ source('config', 'flow_rules') }} as rules
    where regexp_matches(names.label, rules.mitigated_pattern)
),

reactions as (
    select
        incidents.incident_id,
        min(timeline.event_at) filter (
            where timeline.event in ('assigned', 'commented') and not coalesce(timeline.is_actor_bot, false)
        ) as acknowledged_at,
        min(timeline.event_at) filter (where labels.label is not null) as mitigated_at,
        list(timeline.record_id order by timeline.record_id) as record_ids
    from {{ ref('int_incidents') }} as incidents
    inner join {{ ref('stg_github__timeline') }} as timeline
        on timeline.source = incidents.source
        and timeline.repository = incidents.repository
        and timeline.issue_number = incidents.number
    left join mitigating_labels as labels on labels.label = timeline.label and timeline.event = 'labeled'
    where timeline.event in ('assigned', 'commented') or labels.label is not null
    group by incidents.incident_id
),

mitigating_statuses as (
    select names.status_name
    from (select distinct status_name from {{ ref('int_issue_status_spans') }}) as names
    cross join {{ source('config', 'flow_rules') }} as rules
    where regexp_matches(names.status_name, rules.mitigated_pattern)
),

mitigated_issues as (
    select spans.work_item_id, min(spans.started_at) as mitigated_at
    from {{ ref('int_issue_status_spans') }} as spans
    inner join mitigating_statuses as statuses on statuses.status_name = spans.status_name
    group by spans.work_item_id
)

select
    'pagerduty:' || incidents.source || ':incident:' || incidents.incident_id as incident_id,
    'pagerduty' as source_kind,
    1 as source_rank,
    incidents.source,
    incidents.service_name as service,
    coalesce(incidents.priority, incidents.urgency) as severity_text,
    cast(null as timestamptz) as impact_started_at,
    incidents.created_at as declared_at,
    log_entries.acknowledged_at,
    cast(null as timestamptz) as mitigated_at,
    case
        when incidents.status = 'resolved'
            then coalesce(incidents.resolved_at, log_entries.resolved_at, incidents.last_status_change_at)
    end as resolved_at,
    list_sort(list_append(coalesce(log_entries.record_ids, []), incidents.record_id)) as record_ids
from {{ ref('stg_pagerduty__incidents') }} as incidents
left join log_entries
    on log_entries.source = incidents.source and log_entries.incident_id = incidents.incident_id
-- what was merged into another incident counts once, there
where incidents.merged_into_incident_id is null
union all
select
    'datadog:' || source || ':incident:' || incident_id, 'datadog', 2, source, list_sort(service_names)[1], severity,
    customer_impact_started_at, coalesce(detected_at, created_at), cast(null as timestamptz),
    customer_impact_ended_at, case when state = 'resolved' then resolved_at end, [record_id]
from {{ ref('stg_datadog__incidents') }}
where not coalesce(is_test, false)
union all
select
    'push:' || source || ':incident:' || incident_id, 'push', 3, source, service, severity,
    cast(null as timestamptz), opened_at, acknowledged_at, cast(null as timestamptz), resolved_at, [record_id]
from {{ ref('stg_push__incidents') }}
union all
select
    'drops:' || source || ':incident:' || drop_name || ':' || incident_key, 'drops', 4, source, service, severity,
    cast(null as timestamptz), opened_at, cast(null as timestamptz), cast(null as timestamptz), resolved_at,
    [record_id]
from {{ ref('stg_drops__incidents') }}
union all
select
    items.work_item_id, 'jira', 5, items.source,
    -- a component says whose it is, else the label that would say so on GitHub
    coalesce(items.service_id, list_sort(list_transform(
        list_filter(items.labels, lambda label: starts_with(label, rules.incident_service_label_prefix)),
        lambda label: substr(label, len(rules.incident_service_label_prefix) + 1)
    ))[1]),
    items.priority_name, cast(null as timestamptz),
    items.created_at, cycles.started_at, mitigated.mitigated_at, cycles.done_at, cycles.record_ids
from {{ ref('int_work_items') }} as items
cross join {{ source('config', 'rules') }} as rules
inner join {{ ref('int_issue_cycles') }} as cycles on cycles.work_item_id = items.work_item_id
left join mitigated_issues as mitigated on mitigated.work_item_id = items.work_item_id
where items.source_kind = 'jira' and items.is_incident and not items.is_deleted
union all
select
    incidents.incident_id, 'github', 6, incidents.source, incidents.service_ids[1], incidents.severity,
    cast(null as timestamptz), incidents.started_at, reactions.acknowledged_at, reactions.mitigated_at,
    incidents.resolved_at, list_sort(list_distinct(list_append(coalesce(reactions.record_ids, []), incidents.record_id)))
from {{ ref('int_incidents') }} as incidents
left join reactions on reactions.incident_id = incidents.incident_id
