-- Written by `python -m orchestration.staging_models write` from services in connectors/pagerduty.
-- One row per service, with the teams and the escalation policy that answer for it.
{{ config(incremental_strategy='current_set', unique_key=['source', 'service_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'name': 'VARCHAR', 'status': 'VARCHAR', 'escalation_policy': {'id': 'VARCHAR'},
    'created_at': 'VARCHAR', 'last_incident_timestamp': 'VARCHAR', 'teams': 'JSON',
} %}
{% set columns = [
    ('service_id', 'record.id', 'varchar'),
    ('name', 'record.name', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('escalation_policy_id', 'record.escalation_policy.id', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('last_incident_at', 'record.last_incident_timestamp', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('pagerduty', 'services', structure, wrapped_in=['services']) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.teams', [['id']]) }} as team_ids,
        {{ cast_losses(columns, [
            missing('record.id'),
            missing('record.name'),
            list_loss('record.teams', [['id']]),
            missing('record.created_at'),
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['service_id']) }}
)

select
    source, service_id, name, status, escalation_policy_id, team_ids, created_at, last_incident_at,
    record_id, source_updated_at, cast_loss_count
from set_members
