-- Grain: one row per incident of any source as it was reported: when it began to hurt, was declared, acknowledged,
-- mitigated and resolved, and what it names. A lower rank is believed first where two tell of one incident.
{% set paged = {
    'incident_id': 'incident_id', 'source_kind': "'pagerduty'", 'source_rank': '1', 'source': 'source',
    'reference': "'PagerDuty #' || coalesce(cast(incident_number as varchar), paged_incident_id)",
    'names': "['pagerduty:' || paged_incident_id, 'pagerduty#' || incident_number]",
    'service_ids': 'service_ids', 'service_names': 'absorbed_service_names', 'severity_text': 'severity_text',
    'declared_at': 'declared_at', 'acknowledged_at': 'acknowledged_at', 'resolved_at': 'resolved_at',
    'referenced_deployment_ids': 'referenced_deployment_ids', 'mentioned_shas': 'mentioned_shas',
    'mentioned_issues': 'mentioned_issues', 'referenced_tags': 'referenced_tags', 'record_ids': 'record_ids',
    'cause_record_ids': 'cause_record_ids',
} %}
{% set datadog = {
    'incident_id': "'datadog:' || source || ':incident:' || incident_id", 'source_kind': "'datadog'",
    'source_rank': '2', 'source': 'source',
    'reference': "'Datadog #' || coalesce(cast(public_id as varchar), incident_id)",
    'names': "['datadog#' || public_id]", 'service_names': 'list_sort(service_names)', 'severity_text': 'severity',
    'impact_started_at': 'customer_impact_started_at', 'declared_at': 'coalesce(detected_at, created_at)',
    'mitigated_at': 'customer_impact_ended_at', 'resolved_at': "case when state = 'resolved' then resolved_at end",
    'referenced_deployment_ids': 'referenced_deployment_ids', 'mentioned_shas': 'mentioned_shas',
    'mentioned_issues': 'mentioned_issues', 'referenced_tags': 'referenced_tags',
    'cause_record_ids': '[record_id, naming_record_id]',
} %}
{% set push = {
    'incident_id': "'push:' || source || ':incident:' || incident_id", 'source_kind': "'push'", 'source_rank': '3',
    'source': 'source', 'reference': 'incident_id', 'service_names': '[service]', 'severity_text': 'severity',
    'declared_at': 'opened_at', 'acknowledged_at': 'acknowledged_at', 'resolved_at': 'resolved_at',
    'referenced_deployment_ids': '[caused_by_deployment_id]', 'mentioned_shas': '[caused_by_commit_sha]',
    'mentioned_issues': '[caused_by_pull_request]',
} %}
{% set drops = {
    'incident_id': "'drops:' || source || ':incident:' || drop_name || ':' || incident_key", 'source_kind': "'drops'",
    'source_rank': '4', 'source': 'source', 'reference': "drop_name || ' ' || incident_key",
    'service_names': '[service]', 'severity_text': 'severity', 'declared_at': 'opened_at',
    'resolved_at': 'resolved_at', 'referenced_deployment_ids': '[caused_by_deployment_id]',
    'mentioned_shas': '[caused_by_commit_sha]', 'mentioned_issues': '[caused_by_pull_request]',
} %}
{% set tracked = {
    'incident_id': 'incident_id', 'source_kind': "'jira'", 'source_rank': '5', 'source': 'source',
    'reference': 'item_key', 'names': '[item_key]', 'service_names': 'list_sort(service_names)',
    'severity_text': 'severity_text', 'declared_at': 'declared_at', 'acknowledged_at': 'acknowledged_at',
    'mitigated_at': 'mitigated_at', 'resolved_at': 'resolved_at',
    'referenced_deployment_ids': 'referenced_deployment_ids', 'mentioned_shas': 'mentioned_shas',
    'mentioned_issues': 'mentioned_issues', 'referenced_tags': 'referenced_tags',
    'mentioned_keys': 'causing_issue_keys', 'record_ids': 'record_ids', 'cause_record_ids': 'cause_record_ids',
} %}
{% set issues = {
    'incident_id': 'incidents.incident_id', 'source_kind': "'github'", 'source_rank': '6',
    'source': 'incidents.source', 'reference': 'incidents.reference', 'names': '[incidents.reference]',
    'repository': 'incidents.repository', 'number': 'incidents.number', 'service_ids': 'incidents.service_ids',
    'severity_text': 'incidents.severity', 'is_severity_configured': 'incidents.is_severity_configured',
    'declared_at': 'incidents.started_at', 'acknowledged_at': 'reactions.acknowledged_at',
    'mitigated_at': 'reactions.mitigated_at', 'resolved_at': 'incidents.resolved_at',
    'referenced_deployment_ids': "list_transform(
        incidents.referenced_deployment_ids,
        lambda deployment_id: 'github:' || incidents.source || ':deployment:' || deployment_id
    )",
    'mentioned_shas': 'incidents.mentioned_shas', 'mentioned_issues': 'incidents.mentioned_issues',
    'referenced_tags': 'incidents.referenced_tags',
    'record_ids': 'list_append(coalesce(reactions.record_ids, []), incidents.record_id)',
    'cause_record_ids': '[incidents.record_id]',
} %}

-- comments and assignments by people; labels that say that it hurts no more
with mitigating_labels as (
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
    from {{ ref('int_incident_issues') }} as incidents
    inner join {{ ref('stg_github__timeline') }} as timeline
        on timeline.source = incidents.source
        and timeline.repository = incidents.repository
        and timeline.issue_number = incidents.number
    -- one side's condition in a key: beside the keys it would make the join compare every row with every other
    left join mitigating_labels as labels
        on labels.label = case when timeline.event = 'labeled' then timeline.label end
    where timeline.event in ('assigned', 'commented') or labels.label is not null
    group by incidents.incident_id
),

declared as (
    select
        incidents.*,
        refs.referenced_deployment_ids,
        refs.mentioned_shas,
        refs.mentioned_issues,
        refs.referenced_tags,
        refs.record_id as naming_record_id
    from {{ ref('stg_datadog__incidents') }} as incidents
    left join {{ ref('stg_datadog__incidents__references') }} as refs
        on refs.source = incidents.source and refs.incident_id = incidents.incident_id
),

tellings as (
    select {{ incident_telling(paged) }} from {{ ref('int_incidents_paged') }}
    union all
    select {{ incident_telling(datadog) }} from declared where not coalesce(is_test, false)
    union all
    select {{ incident_telling(push) }} from {{ ref('stg_push__incidents') }}
    union all
    select {{ incident_telling(drops) }} from {{ ref('stg_drops__incidents') }}
    union all
    select {{ incident_telling(tracked) }} from {{ ref('int_incidents_tracked') }}
    union all
    select {{ incident_telling(issues) }}
    from {{ ref('int_incident_issues') }} as incidents
    left join reactions on reactions.incident_id = incidents.incident_id
)

-- lists are sorted, distinct and never empty of meaning: what is not told is an empty list
select
    {%- for name, type in incident_columns().items() %}
    {%- if type.endswith('[]') %}
    list_sort(list_distinct(list_filter(coalesce({{ name }}, []), lambda each: each is not null))) as {{ name }}
    {%- else %}
    {{ name }}
    {%- endif %}{{ ',' if not loop.last }}
    {%- endfor %}
from tellings
