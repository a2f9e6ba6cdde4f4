-- Written by `python -m orchestration.staging_models write` from jobs in connectors/gitlab.
-- One row per job of a pipeline or of a child pipeline, retried ones included.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'job_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'pipeline': {'id': 'VARCHAR', 'sha': 'VARCHAR'}, 'name': 'VARCHAR', 'stage': 'VARCHAR',
    'status': 'VARCHAR', 'failure_reason': 'VARCHAR', 'allow_failure': 'VARCHAR', 'tag': 'VARCHAR',
    'created_at': 'VARCHAR', 'started_at': 'VARCHAR', 'finished_at': 'VARCHAR', 'user': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('project_path', 'scope', 'varchar'),
    ('job_id', 'record.id', 'bigint'),
    ('pipeline_id', 'record.pipeline.id', 'bigint'),
    ('commit_sha', 'record.pipeline.sha', 'varchar'),
    ('name', 'record.name', 'varchar'),
    ('stage', 'record.stage', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('failure_reason', 'record.failure_reason', 'varchar'),
    ('may_fail', 'record.allow_failure', 'boolean'),
    ('is_tag', 'record.tag', 'boolean'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('started_at', 'record.started_at', 'timestamptz'),
    ('finished_at', 'record.finished_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'gitlab__jobs__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ account('gitlab', 'record.user.id') }} as actor_account,
        {{ cast_losses(columns, [
            missing('scope'),
            missing('record.id'),
            missing('record.pipeline.id'),
            missing('record.name'),
            missing('record.status'),
            'record.user is not null and record.user.id is null',
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['job_id']) }}
)

select
    source, project_path, job_id, pipeline_id, commit_sha, name, stage, status, failure_reason, may_fail, is_tag,
    created_at, started_at, finished_at, {{ token_columns('actor') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('actor') }} as cast_loss_count
from newest
{{ join_tokens('actor') }}
