-- Written by `python -m orchestration.staging_models write` from alerts in connectors/alertmanager.
-- One row per alert that was active when it was read, as it was last seen; resolved ones drop out.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'fingerprint', 'started_at']) }}

{% set structure = {
    'fingerprint': 'VARCHAR', 'startsAt': 'VARCHAR', 'updatedAt': 'VARCHAR', 'endsAt': 'VARCHAR',
    'status': {'state': 'VARCHAR', 'silencedBy': 'JSON', 'inhibitedBy': 'JSON'}, 'labels': 'JSON', 'receivers': 'JSON',
} %}
{% set columns = [
    ('fingerprint', 'record.fingerprint', 'varchar'),
    ('started_at', 'record.startsAt', 'timestamptz'),
    ('source_updated_at', 'record.updatedAt', 'timestamptz'),
    ('expires_at', 'record.endsAt', 'timestamptz'),
    ('state', 'record.status.state', 'varchar'),
    ('alert_name', "(record.labels ->> '$.\"alertname\"')", 'varchar'),
    ('severity', "(record.labels ->> '$.\"severity\"')", 'varchar'),
    ('service', "(record.labels ->> '$.\"service\"')", 'varchar'),
    ('environment', "(record.labels ->> '$.\"environment\"')", 'varchar'),
    ('labels', 'record.labels', 'json'),
] %}

with records as (
    {{ records_in(source('raw', 'alertmanager__alerts__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ texts_in('record.status.silencedBy', [[]]) }} as silenced_by,
        {{ texts_in('record.status.inhibitedBy', [[]]) }} as inhibited_by,
        {{ texts_in('record.receivers', [['name']]) }} as receivers,
        {{ cast_losses(columns, [
            missing('record.fingerprint'),
            missing('record.startsAt'),
            missing('record.updatedAt'),
            list_loss('record.status.silencedBy', [[]]),
            list_loss('record.status.inhibitedBy', [[]]),
            list_loss('record.receivers', [['name']]),
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['fingerprint', 'started_at']) }}
)

select
    source, fingerprint, started_at, source_updated_at as updated_at, expires_at, state, alert_name, severity, service,
    environment, labels, silenced_by, inhibited_by, receivers,
    record_id, source_updated_at, cast_loss_count
from newest
