-- Written by `python -m orchestration.staging_models write` from incidents in connectors/push.
-- One row per incident as somebody reported it.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'incident_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'service': 'VARCHAR', 'severity': 'VARCHAR', 'status': 'VARCHAR', 'opened_at': 'VARCHAR',
    'acknowledged_at': 'VARCHAR', 'resolved_at': 'VARCHAR', 'caused_by_deployment_id': 'VARCHAR',
    'caused_by_commit_sha': 'VARCHAR', 'caused_by_pull_request': 'VARCHAR', 'updated_at': 'VARCHAR',
} %}
{% set columns = [
    ('incident_id', 'record.id', 'varchar'),
    ('received_at', 'fetched_at', 'timestamptz'),
    ('service', 'record.service', 'varchar'),
    ('severity', 'record.severity', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('opened_at', 'record.opened_at', 'timestamptz'),
    ('acknowledged_at', 'record.acknowledged_at', 'timestamptz'),
    ('resolved_at', 'record.resolved_at', 'timestamptz'),
    ('caused_by_deployment_id', 'record.caused_by_deployment_id', 'varchar'),
    ('caused_by_commit_sha', 'record.caused_by_commit_sha', 'varchar'),
    ('caused_by_pull_request', 'record.caused_by_pull_request', 'varchar'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'push__incidents__new'), structure, carrying=['fetched_at']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ cast_losses(columns, [
            missing('record.id'),
            missing('fetched_at'),
            missing('record.service'),
            missing('record.status'),
            missing('record.opened_at'),
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['incident_id']) }}
)

select
    source, incident_id, received_at, service, severity, status, opened_at, acknowledged_at, resolved_at,
    caused_by_deployment_id, caused_by_commit_sha, caused_by_pull_request,
    record_id, source_updated_at, cast_loss_count
from newest
