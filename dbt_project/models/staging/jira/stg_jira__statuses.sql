-- Written by `python -m orchestration.staging_models write` from statuses in connectors/jira.
-- One row per status with its category.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'status_id']) }}

{% set structure = {'id': 'VARCHAR', 'name': 'VARCHAR', 'statusCategory': {'id': 'VARCHAR', 'key': 'VARCHAR'}} %}
{% set columns = [
    ('status_id', 'record.id', 'bigint'),
    ('status_name', 'record.name', 'varchar'),
    ('category_id', 'record.statusCategory.id', 'bigint'),
    ('category_key', 'record.statusCategory.key', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__statuses__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [
            missing('record.id'),
            missing('record.name'),
            missing('record.statusCategory.key'),
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['status_id']) }}
)

select
    source, status_id, status_name, category_id, category_key,
    record_id, source_updated_at, cast_loss_count
from newest
