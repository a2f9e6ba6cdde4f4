-- Written by `python -m orchestration.staging_models write` from child_pipelines in connectors/gitlab.
-- One row per pipeline that another one started, which the list of pipelines leaves out.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'pipeline_id']) }}

{% set structure = {
    'project_id': 'VARCHAR', 'id': 'VARCHAR', 'iid': 'VARCHAR', 'sha': 'VARCHAR', 'status': 'VARCHAR',
    'source': 'VARCHAR', 'created_at': 'VARCHAR', 'updated_at': 'VARCHAR',
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
] %}

with records as (
    {{ records_in(source('raw', 'gitlab__child_pipelines__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ cast_losses(columns, [
            missing('scope'),
            missing('record.id'),
            missing('record.sha'),
            missing('record.status'),
            missing('record.created_at'),
            missing('record.updated_at'),
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['pipeline_id']) }}
)

select
    source, project_path, project_id, pipeline_id, number, commit_sha, status, trigger, created_at,
    source_updated_at as updated_at,
    record_id, source_updated_at, cast_loss_count
from newest
