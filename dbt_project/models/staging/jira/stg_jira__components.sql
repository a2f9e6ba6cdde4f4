-- Written by `python -m orchestration.staging_models write` from components in connectors/jira.
-- One row per component of a project.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'component_id']) }}

{% set structure = {'id': 'VARCHAR', 'name': 'VARCHAR'} %}
{% set columns = [
    ('component_id', 'record.id', 'bigint'),
    ('project_key', 'parent_key', 'varchar'),
    ('component_name', 'record.name', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__components__new'), structure) }}
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
    {{ newest_version('versions', ['component_id']) }}
)

select
    source, component_id, project_key, component_name,
    record_id, source_updated_at, cast_loss_count
from newest
