-- Written by `python -m orchestration.staging_models write` from issue_types in connectors/jira.
-- One row per issue type.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'issue_type_id']) }}

{% set structure = {'id': 'VARCHAR', 'name': 'VARCHAR', 'subtask': 'VARCHAR', 'hierarchyLevel': 'VARCHAR'} %}
{% set columns = [
    ('issue_type_id', 'record.id', 'bigint'),
    ('issue_type_name', 'record.name', 'varchar'),
    ('is_subtask', 'record.subtask', 'boolean'),
    ('hierarchy_level', 'record.hierarchyLevel', 'integer'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__issue_types__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.id'), missing('record.name')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['issue_type_id']) }}
)

select
    source, issue_type_id, issue_type_name, is_subtask, hierarchy_level,
    record_id, source_updated_at, cast_loss_count
from newest
