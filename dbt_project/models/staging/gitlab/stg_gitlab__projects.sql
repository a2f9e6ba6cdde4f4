-- Written by `python -m orchestration.staging_models write` from projects in connectors/gitlab.
-- One row per project of a group or of a group below it, as it is now.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'project_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'path_with_namespace': 'VARCHAR',
    'namespace': {'id': 'VARCHAR', 'full_path': 'VARCHAR', 'kind': 'VARCHAR'}, 'default_branch': 'VARCHAR',
    'merge_method': 'VARCHAR', 'archived': 'VARCHAR', 'created_at': 'VARCHAR', 'last_activity_at': 'VARCHAR',
} %}
{% set columns = [
    ('project_id', 'record.id', 'bigint'),
    ('project_path', 'record.path_with_namespace', 'varchar'),
    ('group_id', 'record.namespace.id', 'bigint'),
    ('group_path', 'record.namespace.full_path', 'varchar'),
    ('namespace_kind', 'record.namespace.kind', 'varchar'),
    ('default_branch', 'record.default_branch', 'varchar'),
    ('merge_method', 'record.merge_method', 'varchar'),
    ('is_archived', 'record.archived', 'boolean'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('last_activity_at', 'record.last_activity_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'gitlab__projects__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [
            missing('record.id'),
            missing('record.path_with_namespace'),
            missing('record.namespace.id'),
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['project_id']) }}
)

select
    source, project_id, project_path, group_id, group_path, namespace_kind, default_branch, merge_method, is_archived,
    created_at, last_activity_at,
    record_id, source_updated_at, cast_loss_count
from newest
