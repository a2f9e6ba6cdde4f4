-- Written by `python -m orchestration.staging_models write` from fields in connectors/jira.
-- One row per field of issues, those that the site defined included.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'field_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'name': 'VARCHAR', 'custom': 'VARCHAR', 'schema': {'type': 'VARCHAR', 'custom': 'VARCHAR'},
} %}
{% set columns = [
    ('field_id', 'record.id', 'varchar'),
    ('field_name', 'record.name', 'varchar'),
    ('is_custom', 'record.custom', 'boolean'),
    ('value_type', 'record.schema.type', 'varchar'),
    ('custom_type', 'record.schema.custom', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__fields__new'), structure) }}
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
    {{ newest_version('versions', ['field_id']) }}
)

select
    source, field_id, field_name, is_custom, value_type, custom_type,
    record_id, source_updated_at, cast_loss_count
from newest
