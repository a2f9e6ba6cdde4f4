-- Written by `python -m orchestration.staging_models write` from boards in connectors/jira.
-- One row per board, as it is now.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'board_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'name': 'VARCHAR', 'type': 'VARCHAR',
    'location': {'projectId': 'VARCHAR', 'projectKey': 'VARCHAR'},
} %}
{% set columns = [
    ('board_id', 'record.id', 'bigint'),
    ('board_name', 'record.name', 'varchar'),
    ('board_type', 'record.type', 'varchar'),
    ('project_id', 'record.location.projectId', 'bigint'),
    ('project_key', 'record.location.projectKey', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__boards__new'), structure, wrapped_in=['values']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.id')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['board_id']) }}
)

select
    source, board_id, board_name, board_type, project_id, project_key,
    record_id, source_updated_at, cast_loss_count
from newest
