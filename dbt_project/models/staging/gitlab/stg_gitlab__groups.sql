-- Written by `python -m orchestration.staging_models write` from groups in connectors/gitlab.
-- One row per group that the settings name.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'group_id']) }}

{% set structure = {'id': 'VARCHAR', 'full_path': 'VARCHAR', 'parent_id': 'VARCHAR', 'created_at': 'VARCHAR'} %}
{% set columns = [
    ('group_id', 'record.id', 'bigint'),
    ('group_path', 'record.full_path', 'varchar'),
    ('parent_id', 'record.parent_id', 'bigint'),
    ('created_at', 'record.created_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'gitlab__groups__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.id'), missing('record.full_path')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['group_id']) }}
)

select
    source, group_id, group_path, parent_id, created_at,
    record_id, source_updated_at, cast_loss_count
from newest
