-- Written by `python -m orchestration.staging_models write` from incidents in connectors/pagerduty.
-- One row per incident in its newest version; read again until it is resolved.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'incident_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'incident_number': 'VARCHAR', 'status': 'VARCHAR', 'urgency': 'VARCHAR',
    'priority': {'id': 'VARCHAR', 'summary': 'VARCHAR'}, 'service': {'id': 'VARCHAR', 'summary': 'VARCHAR'},
    'escalation_policy': {'id': 'VARCHAR'}, 'created_at': 'VARCHAR', 'updated_at': 'VARCHAR',
    'last_status_change_at': 'VARCHAR', 'resolved_at': 'VARCHAR',
    'resolve_reason': {'type': 'VARCHAR', 'incident': {'id': 'VARCHAR'}}, 'incident_type': {'name': 'VARCHAR'},
    'teams': 'JSON',
} %}
{% set columns = [
    ('incident_id', 'record.id', 'varchar'),
    ('incident_number', 'record.incident_number', 'bigint'),
    ('status', 'record.status', 'varchar'),
    ('urgency', 'record.urgency', 'varchar'),
    ('priority_id', 'record.priority.id', 'varchar'),
    ('priority', 'record.priority.summary', 'varchar'),
    ('service_id', 'record.service.id', 'varchar'),
    ('service_name', 'record.service.summary', 'varchar'),
    ('escalation_policy_id', 'record.escalation_policy.id', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
    ('last_status_change_at', 'record.last_status_change_at', 'timestamptz'),
    ('resolved_at', 'record.resolved_at', 'timestamptz'),
    ('resolve_reason_type', 'record.resolve_reason.type', 'varchar'),
    ('merged_into_incident_id', 'record.resolve_reason.incident.id', 'varchar'),
    ('incident_type', 'record.incident_type.name', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'pagerduty__incidents__new'), structure, wrapped_in=['incidents']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ texts_in('record.teams', [['id']]) }} as team_ids,
        {{ cast_losses(columns, [
            missing('record.id'),
            missing('record.status'),
            missing('record.service.id'),
            list_loss('record.teams', [['id']]),
            missing('record.created_at'),
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['incident_id']) }}
)

select
    source, incident_id, incident_number, status, urgency, priority_id, priority, service_id, service_name,
    escalation_policy_id, team_ids, created_at, source_updated_at as updated_at, last_status_change_at, resolved_at,
    resolve_reason_type, merged_into_incident_id, incident_type,
    record_id, source_updated_at, cast_loss_count
from newest
