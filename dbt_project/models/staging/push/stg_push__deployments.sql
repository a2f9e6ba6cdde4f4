-- Written by `python -m orchestration.staging_models write` from deployments in connectors/push.
-- One row per deployment as somebody reported it.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'deployment_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'service': 'VARCHAR', 'environment': 'VARCHAR', 'commit_sha': 'VARCHAR', 'version': 'VARCHAR',
    'status': 'VARCHAR', 'started_at': 'VARCHAR', 'finished_at': 'VARCHAR', 'updated_at': 'VARCHAR',
} %}
{% set columns = [
    ('deployment_id', 'record.id', 'varchar'),
    ('received_at', 'fetched_at', 'timestamptz'),
    ('service', 'record.service', 'varchar'),
    ('environment', 'record.environment', 'varchar'),
    ('commit_sha', 'record.commit_sha', 'varchar'),
    ('version', 'record.version', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('started_at', 'record.started_at', 'timestamptz'),
    ('finished_at', 'record.finished_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'push__deployments__new'), structure, carrying=['fetched_at']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ cast_losses(columns, [
            missing('record.id'),
            missing('fetched_at'),
            missing('record.service'),
            missing('record.environment'),
            missing('record.status'),
            missing('record.started_at'),
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['deployment_id']) }}
)

select
    source, deployment_id, received_at, service, environment, commit_sha, version, status, started_at, finished_at,
    record_id, source_updated_at, cast_loss_count
from newest
