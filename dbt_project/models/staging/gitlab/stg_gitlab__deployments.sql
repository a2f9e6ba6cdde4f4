-- Written by `python -m orchestration.staging_models write` from deployments in connectors/gitlab.
-- One row per deployment of a commit to an environment, with the job that did it.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'deployment_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'iid': 'VARCHAR', 'sha': 'VARCHAR', 'status': 'VARCHAR',
    'environment': {'id': 'VARCHAR', 'name': 'VARCHAR'},
    'deployable': {
        'id': 'VARCHAR', 'name': 'VARCHAR', 'pipeline': {'id': 'VARCHAR'}, 'started_at': 'VARCHAR',
        'finished_at': 'VARCHAR',
    },
    'created_at': 'VARCHAR', 'updated_at': 'VARCHAR', 'user': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('project_path', 'scope', 'varchar'),
    ('deployment_id', 'record.id', 'bigint'),
    ('number', 'record.iid', 'bigint'),
    ('commit_sha', 'record.sha', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('environment_id', 'record.environment.id', 'bigint'),
    ('environment', 'record.environment.name', 'varchar'),
    ('job_id', 'record.deployable.id', 'bigint'),
    ('job_name', 'record.deployable.name', 'varchar'),
    ('pipeline_id', 'record.deployable.pipeline.id', 'bigint'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
    ('job_started_at', 'record.deployable.started_at', 'timestamptz'),
    ('job_finished_at', 'record.deployable.finished_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'gitlab__deployments__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ account('gitlab', 'record.user.id') }} as creator_account,
        {{ cast_losses(columns, [
            missing('scope'),
            missing('record.id'),
            missing('record.sha'),
            missing('record.status'),
            missing('record.environment.id'),
            missing('record.environment.name'),
            missing('record.created_at'),
            missing('record.updated_at'),
            'record.user is not null and record.user.id is null',
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['deployment_id']) }}
)

select
    source, project_path, deployment_id, number, commit_sha, status, environment_id, environment, job_id, job_name,
    pipeline_id, created_at, source_updated_at as updated_at, job_started_at, job_finished_at,
    {{ token_columns('creator') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('creator') }} as cast_loss_count
from newest
{{ join_tokens('creator') }}
