-- Written by `python -m orchestration.staging_models write` from receivers in connectors/alertmanager.
-- One row per receiver of notifications, by name.
{{ config(incremental_strategy='current_set', unique_key=['source', 'receiver_name']) }}

{% set structure = {'name': 'VARCHAR'} %}
{% set columns = [
    ('receiver_name', 'record.name', 'varchar'),
] %}

with records as (
    {{ records_of_changed_sets('alertmanager', 'receivers', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.name')]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['receiver_name']) }}
)

select
    source, receiver_name,
    record_id, source_updated_at, cast_loss_count
from set_members
