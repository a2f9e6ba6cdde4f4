-- Written by `python -m orchestration.staging_models write` from status_categories in connectors/jira.
-- One row per status category: to do, in progress or done.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'category_id']) }}

{% set structure = {'id': 'VARCHAR', 'key': 'VARCHAR', 'name': 'VARCHAR'} %}
{% set columns = [
    ('category_id', 'record.id', 'bigint'),
    ('category_key', 'record.key', 'varchar'),
    ('category_name', 'record.name', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__status_categories__new'), structure) }}
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
    {{ newest_version('versions', ['category_id']) }}
)

select
    source, category_id, category_key, category_name,
    record_id, source_updated_at, cast_loss_count
from newest
