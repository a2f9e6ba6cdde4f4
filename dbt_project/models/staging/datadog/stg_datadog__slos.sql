-- Written by `python -m orchestration.staging_models write` from slos in connectors/datadog.
-- One row per service level objective, as it is now.
{{ config(incremental_strategy='current_set', unique_key=['source', 'slo_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'name': 'VARCHAR', 'type': 'VARCHAR', 'timeframe': 'VARCHAR', 'target_threshold': 'VARCHAR',
    'warning_threshold': 'VARCHAR', 'created_at': 'VARCHAR', 'modified_at': 'VARCHAR', 'tags': 'JSON',
    'monitor_ids': 'JSON', 'thresholds': 'JSON',
} %}
{% set columns = [
    ('slo_id', 'record.id', 'varchar'),
    ('name', 'record.name', 'varchar'),
    ('slo_type', 'record.type', 'varchar'),
    ('timeframe', 'record.timeframe', 'varchar'),
    ('target_percent', 'record.target_threshold', 'double'),
    ('warning_percent', 'record.warning_threshold', 'double'),
    ('thresholds', 'record.thresholds', 'json'),
    ('created_at', 'record.created_at', 'epoch_seconds'),
    ('modified_at', 'record.modified_at', 'epoch_seconds'),
] %}

with records as (
    {{ records_of_changed_sets('datadog', 'slos', structure, wrapped_in=['data']) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.tags', [[]]) }} as tags,
        {{ texts_in('record.monitor_ids', [[]]) }} as monitor_ids,
        {{ cast_losses(columns, [
            missing('record.id'),
            missing('record.type'),
            list_loss('record.tags', [[]]),
            list_loss('record.monitor_ids', [[]]),
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['slo_id']) }}
)

select
    source, slo_id, name, slo_type, tags, monitor_ids, timeframe, target_percent, warning_percent, thresholds,
    created_at, modified_at,
    record_id, source_updated_at, cast_loss_count
from set_members
