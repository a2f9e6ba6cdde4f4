-- Written by `python -m orchestration.staging_models write` from projects in connectors/jira.
-- One row per project, as it is now.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'project_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'key': 'VARCHAR', 'name': 'VARCHAR', 'projectTypeKey': 'VARCHAR',
    'projectCategory': {'name': 'VARCHAR'}, 'archived': 'VARCHAR',
} %}
{% set columns = [
    ('project_id', 'record.id', 'bigint'),
    ('project_key', 'record.key', 'varchar'),
    ('project_name', 'record.name', 'varchar'),
    ('project_type', 'record.projectTypeKey', 'varchar'),
    ('category_name', 'record.projectCategory.name', 'varchar'),
    ('is_archived', 'record.archived', 'boolean'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__projects__new'), structure, wrapped_in=['values']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.id'), missing('record.key')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['project_id']) }}
)

select
    source, project_id, project_key, project_name, project_type, category_name, is_archived,
    record_id, source_updated_at, cast_loss_count
from newest
