-- Written by `python -m orchestration.staging_models write` from monitors in connectors/datadog.
-- One row per monitor, with the state of each of its groups.
{{ config(incremental_strategy='current_set', unique_key=['source', 'monitor_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'type': 'VARCHAR', 'overall_state': 'VARCHAR', 'multi': 'VARCHAR', 'priority': 'VARCHAR',
    'created': 'VARCHAR', 'modified': 'VARCHAR', 'tags': 'JSON', 'state': {'groups': 'JSON'},
} %}
{% set columns = [
    ('monitor_id', 'record.id', 'bigint'),
    ('monitor_type', 'record.type', 'varchar'),
    ('overall_state', 'record.overall_state', 'varchar'),
    ('group_states', 'record.state.groups', 'json'),
    ('is_multi', 'record.multi', 'boolean'),
    ('priority', 'record.priority', 'integer'),
    ('created_at', 'record.created', 'timestamptz'),
    ('modified_at', 'record.modified', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('datadog', 'monitors', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.tags', [[]]) }} as tags,
        {{ cast_losses(columns, [missing('record.id'), list_loss('record.tags', [[]])]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['monitor_id']) }}
)

select
    source, monitor_id, monitor_type, overall_state, group_states, is_multi, priority, tags, created_at, modified_at,
    record_id, source_updated_at, cast_loss_count
from set_members
