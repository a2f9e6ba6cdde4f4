-- One row per status of a deployment, as its newest complete status history has it.
{{ config(incremental_strategy='current_set', unique_key=['source', 'status_id']) }}

{% set structure = {'id': 'VARCHAR', 'state': 'VARCHAR', 'created_at': 'VARCHAR', 'updated_at': 'VARCHAR'} %}
{% set columns = [
    ('status_id', 'record.id', 'bigint'),
    ('deployment_id', 'parent_key', 'bigint'),
    ('state', 'record.state', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('github', 'deployment_statuses', structure) }}
)

select
    source, scope as repository,
    {{ typed(columns) }}
    record_id,
    {{ cast_losses(columns, [missing('record.state')]) }} as cast_loss_count
from records
{{ once_in_its_set('scope, parent_key', 'record.id') }}
