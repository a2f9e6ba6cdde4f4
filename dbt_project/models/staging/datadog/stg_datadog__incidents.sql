-- Written by `python -m orchestration.staging_models write` from incidents in connectors/datadog.
-- One row per incident in its newest version; one that somebody deletes stays.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'incident_id']) }}

{% set structure = {
    'id': 'VARCHAR',
    'attributes': {
        'public_id': 'VARCHAR',
        'fields': {
            'severity': {'value': 'VARCHAR'}, 'state': {'value': 'VARCHAR'}, 'detection_method': {'value': 'VARCHAR'},
            'services': {'value': 'JSON'}, 'teams': {'value': 'JSON'},
        },
        'is_test': 'VARCHAR', 'created': 'VARCHAR', 'detected': 'VARCHAR', 'resolved': 'VARCHAR', 'modified': 'VARCHAR',
        'customer_impacted': 'VARCHAR', 'customer_impact_start': 'VARCHAR', 'customer_impact_end': 'VARCHAR',
    },
} %}
{% set columns = [
    ('incident_id', 'record.id', 'varchar'),
    ('public_id', 'record.attributes.public_id', 'bigint'),
    ('severity', 'record.attributes.fields.severity.value', 'varchar'),
    ('state', 'record.attributes.fields.state.value', 'varchar'),
    ('detection_method', 'record.attributes.fields.detection_method.value', 'varchar'),
    ('is_test', 'record.attributes.is_test', 'boolean'),
    ('created_at', 'record.attributes.created', 'timestamptz'),
    ('detected_at', 'record.attributes.detected', 'timestamptz'),
    ('resolved_at', 'record.attributes.resolved', 'timestamptz'),
    ('source_updated_at', 'record.attributes.modified', 'timestamptz'),
    ('is_customer_impacted', 'record.attributes.customer_impacted', 'boolean'),
    ('customer_impact_started_at', 'record.attributes.customer_impact_start', 'timestamptz'),
    ('customer_impact_ended_at', 'record.attributes.customer_impact_end', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'datadog__incidents__new'), structure, wrapped_in=['data']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ texts_in('record.attributes.fields.services.value', [[]]) }} as service_names,
        {{ texts_in('record.attributes.fields.teams.value', [[]]) }} as team_names,
        {{ cast_losses(columns, [
            missing('record.id'),
            list_loss('record.attributes.fields.services.value', [[]]),
            list_loss('record.attributes.fields.teams.value', [[]]),
            missing('record.attributes.created'),
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['incident_id']) }}
)

select
    source, incident_id, public_id, severity, state, service_names, team_names, detection_method, is_test, created_at,
    detected_at, resolved_at, source_updated_at as modified_at, is_customer_impacted, customer_impact_started_at,
    customer_impact_ended_at,
    record_id, source_updated_at, cast_loss_count
from newest
