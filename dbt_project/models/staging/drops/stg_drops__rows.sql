-- Written by `python -m orchestration.staging_models write` from rows in connectors/drops.
-- One row per row of a file that was dropped; which rows count is decided in stg_drops__records.
{{ config(incremental_strategy='current_set', unique_key=['source', 'drop_name', 'delivery_key', 'line_number']) }}

{% set structure = {
    'delivery': 'VARCHAR', 'file': 'VARCHAR', 'line': 'VARCHAR', 'mode': 'VARCHAR', 'purpose': 'VARCHAR',
    'key': 'VARCHAR', 'service': 'VARCHAR', 'environment': 'VARCHAR', 'commit_sha': 'VARCHAR', 'status': 'VARCHAR',
    'started_at': 'VARCHAR', 'finished_at': 'VARCHAR', 'severity': 'VARCHAR', 'opened_at': 'VARCHAR',
    'resolved_at': 'VARCHAR', 'caused_by_deployment_id': 'VARCHAR', 'caused_by_commit_sha': 'VARCHAR',
    'caused_by_pull_request': 'VARCHAR', 'updated_at': 'VARCHAR', 'values': 'JSON',
} %}
{% set columns = [
    ('drop_name', 'case when record is not null then scope end', 'varchar'),
    ('delivery_key', 'record.delivery', 'varchar'),
    ('file_sha256', 'record.file', 'varchar'),
    ('line_number', 'record.line', 'bigint'),
    ('mode', 'record.mode', 'varchar'),
    ('purpose', 'record.purpose', 'varchar'),
    ('record_key', 'record.key', 'varchar'),
    ('record_values', 'record.values', 'json'),
    ('service', 'record.service', 'varchar'),
    ('environment', 'record.environment', 'varchar'),
    ('commit_sha', 'record.commit_sha', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('started_at', 'record.started_at', 'timestamptz'),
    ('finished_at', 'record.finished_at', 'timestamptz'),
    ('severity', 'record.severity', 'varchar'),
    ('opened_at', 'record.opened_at', 'timestamptz'),
    ('resolved_at', 'record.resolved_at', 'timestamptz'),
    ('caused_by_deployment_id', 'record.caused_by_deployment_id', 'varchar'),
    ('caused_by_commit_sha', 'record.caused_by_commit_sha', 'varchar'),
    ('caused_by_pull_request', 'record.caused_by_pull_request', 'varchar'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('drops', 'rows', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        {{ cast_losses(columns, [
            missing('record.delivery'),
            missing('record.file'),
            missing('record.line'),
            missing('record.mode'),
            missing('record.key'),
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['drop_name', 'delivery_key', 'line_number']) }}
)

select
    source, drop_name, delivery_key, file_sha256, line_number, mode, purpose, record_key, record_values, service,
    environment, commit_sha, status, started_at, finished_at, severity, opened_at, resolved_at, caused_by_deployment_id,
    caused_by_commit_sha, caused_by_pull_request,
    record_id, source_updated_at, cast_loss_count
from set_members
