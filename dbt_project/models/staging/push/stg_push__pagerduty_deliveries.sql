-- Written by `python -m orchestration.staging_models write` from pagerduty_deliveries in connectors/push.
-- One row per delivery of a PagerDuty v3 webhook.
{{ config(incremental_strategy='first_version', unique_key=['source', 'delivery_id']) }}

{% set structure = {
    'event': {
        'occurred_at': 'VARCHAR', 'resource_type': 'VARCHAR',
        'data': {'id': 'VARCHAR', 'status': 'VARCHAR', 'urgency': 'VARCHAR', 'service': {'id': 'VARCHAR'}},
        'agent': {'id': 'VARCHAR'},
    },
} %}
{% set columns = [
    ('delivery_id', 'case when record is not null then parent_key end', 'varchar'),
    ('event', 'scope', 'varchar'),
    ('received_at', 'fetched_at', 'timestamptz'),
    ('occurred_at', 'record.event.occurred_at', 'timestamptz'),
    ('resource_type', 'record.event.resource_type', 'varchar'),
    ('incident_id', 'record.event.data.id', 'varchar'),
    ('incident_status', 'record.event.data.status', 'varchar'),
    ('urgency', 'record.event.data.urgency', 'varchar'),
    ('service_id', 'record.event.data.service.id', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'push__pagerduty_deliveries__new'), structure, carrying=['fetched_at']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ account('pagerduty', 'record.event.agent.id') }} as agent_account,
        {{ cast_losses(columns, [
            missing('parent_key'),
            missing('scope'),
            missing('fetched_at'),
            'record.event.agent is not null and record.event.agent.id is null',
        ]) }} as cast_loss_count
    from records
),

first_seen as (
    {{ first_version('versions', none, ['delivery_id']) }}
)

select
    source, delivery_id, event, received_at, occurred_at, resource_type, incident_id, incident_status, urgency,
    service_id, {{ token_columns('agent') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('agent') }} as cast_loss_count
from first_seen
{{ join_tokens('agent') }}
