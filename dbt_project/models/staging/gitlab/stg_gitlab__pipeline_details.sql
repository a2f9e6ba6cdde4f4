-- Written by `python -m orchestration.staging_models write` from pipeline_details in connectors/gitlab.
-- One row per pipeline with start, end and who started it, which lists of pipelines leave out.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'pipeline_id']) }}

{% set structure = {
    'project_id': 'VARCHAR', 'id': 'VARCHAR', 'iid': 'VARCHAR', 'sha': 'VARCHAR', 'status': 'VARCHAR',
    'source': 'VARCHAR', 'created_at': 'VARCHAR', 'updated_at': 'VARCHAR', 'tag': 'VARCHAR', 'started_at': 'VARCHAR',
    'finished_at': 'VARCHAR', 'duration': 'VARCHAR', 'queued_duration': 'VARCHAR', 'user': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('project_path', 'scope', 'varchar'),
    ('project_id', 'record.project_id', 'bigint'),
    ('pipeline_id', 'record.id', 'bigint'),
    ('number', 'record.iid', 'bigint'),
    ('commit_sha', 'record.sha', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('trigger', 'record.source', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
    ('is_tag', 'record.tag', 'boolean'),
    ('started_at', 'record.started_at', 'timestamptz'),
    ('finished_at', 'record.finished_at', 'timestamptz'),
    ('duration_seconds', 'record.duration', 'bigint'),
    ('queued_duration_seconds', 'record.queued_duration', 'bigint'),
] %}

with records as (
    {{ records_in(source('raw', 'gitlab__pipeline_details__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ account('gitlab', 'record.user.id') }} as actor_account,
        {{ cast_losses(columns, [
            missing('scope'),
            missing('record.id'),
            missing('record.sha'),
            missing('record.status'),
            missing('record.created_at'),
            missing('record.updated_at'),
            'record.user is not null and record.user.id is null',
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['pipeline_id']) }}
)

select
    source, project_path, project_id, pipeline_id, number, commit_sha, status, trigger, created_at,
    source_updated_at as updated_at, is_tag, started_at, finished_at, duration_seconds, queued_duration_seconds,
    {{ token_columns('actor') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('actor') }} as cast_loss_count
from newest
{{ join_tokens('actor') }}
