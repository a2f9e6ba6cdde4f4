-- Grain: one row per incident of Jira: a work item of that kind, with what its changelog and its text tell.
with mitigating_statuses as (
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
    items.work_item_id as incident_id,
    items.source,
    items.item_key,
    -- a component says whose it is, else the labels that would say so on GitHub
    case
        when items.service_id is not null then [items.service_id]
        else list_transform(
            list_filter(items.labels, lambda label: starts_with(label, rules.incident_service_label_prefix)),
            lambda label: substr(label, len(rules.incident_service_label_prefix) + 1)
        )
    end as service_names,
    items.priority_name as severity_text,
    items.created_at as declared_at,
    cycles.started_at as acknowledged_at,
    mitigated.mitigated_at,
    cycles.done_at as resolved_at,
    issues.referenced_deployment_ids,
    issues.mentioned_shas,
    issues.mentioned_issues,
    issues.referenced_tags,
    issues.causing_issue_keys,
    cycles.record_ids,
    list_append(cycles.record_ids, items.record_id) as cause_record_ids
from {{ ref('int_work_items') }} as items
cross join {{ source('config', 'rules') }} as rules
inner join {{ ref('int_issue_cycles') }} as cycles on cycles.work_item_id = items.work_item_id
inner join {{ ref('stg_jira__current_issues') }} as issues
    on issues.source = items.source and issues.issue_id = items.jira_issue_id
left join mitigated_issues as mitigated on mitigated.work_item_id = items.work_item_id
where items.source_kind = 'jira' and items.is_incident and not items.is_deleted
