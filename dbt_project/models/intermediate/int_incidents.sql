-- Grain: one row per production incident: an issue with the configured label.
with issues as (
    select
        issues.*,
        issues.repository || '#' || issues.number as reference,
        list_filter(
            issues.labels, lambda label: starts_with(label, rules.incident_service_label_prefix)
        ) as service_labels,
        list_filter(
            issues.labels, lambda label: regexp_matches(label, rules.incident_severity_pattern)
        ) as severity_labels,
        rules.incident_service_label_prefix as service_label_prefix,
        rules.incident_severity_pattern as severity_pattern
    from {{ ref('stg_github__issues') }} as issues
    cross join {{ source('config', 'rules') }} as rules
    where not coalesce(issues.is_pull_request, false)
        and len(list_filter(
            issues.labels, lambda label: regexp_matches(label, rules.incident_label_pattern)
        )) > 0
)

select
    'github:' || issues.source || ':issue:' || issues.issue_id as incident_id,
    issues.source,
    issues.repository,
    issues.number,
    issues.reference,
    coalesce(labelled.service_id, sole_services.service_id) as service_id,
    list_sort(issues.severity_labels)[1] as severity,
    issues.severity_pattern is null or len(issues.severity_labels) > 0 as is_severity_configured,
    issues.created_at as started_at,
    case when issues.state = 'closed' then issues.closed_at end as resolved_at,
    issues.referenced_deployment_ids,
    issues.mentioned_shas,
    issues.mentioned_issues,
    issues.referenced_tags,
    issues.record_id
from issues
left join {{ ref('int_services') }} as labelled
    on labelled.service_id = substr(list_sort(issues.service_labels)[1], len(issues.service_label_prefix) + 1)
left join {{ ref('int_repository_services') }} as sole_services
    on sole_services.repository = issues.repository and len(issues.service_labels) = 0
