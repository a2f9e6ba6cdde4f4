-- Grain: one row per issue of GitHub that is a production incident by its label.
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
),

labelled as (
    select
        labels.source,
        labels.issue_id,
        list(distinct services.service_id order by services.service_id) as service_ids
    from (
        select
            source,
            issue_id,
            unnest(list_transform(
                service_labels, lambda label: substr(label, len(service_label_prefix) + 1)
            )) as service_name
        from issues
    ) as labels
    inner join {{ ref('int_service_names') }} as services on services.service_name = lower(labels.service_name)
    group by labels.source, labels.issue_id
)

select
    'github:' || issues.source || ':issue:' || issues.issue_id as incident_id,
    issues.source,
    issues.repository,
    issues.number,
    issues.reference,
    case
        when len(issues.service_labels) > 0 then coalesce(labelled.service_ids, [])
        when sole_services.service_id is not null then [sole_services.service_id]
        else []
    end as service_ids,
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
left join labelled on labelled.source = issues.source and labelled.issue_id = issues.issue_id
left join {{ ref('int_repository_services') }} as sole_services on sole_services.repository = issues.repository
