-- Written by `python -m orchestration.staging_models write` from cdevents in connectors/push.
-- One row per CDEvent, as a CloudEvent over HTTP.
{{ config(incremental_strategy='first_version', unique_key=['source', 'delivery_id']) }}

{% set structure = {
    'context': {'type': 'VARCHAR', 'timestamp': 'VARCHAR'},
    'subject': {
        'id': 'VARCHAR', 'content': {'environment': {'id': 'VARCHAR'}, 'artifactId': 'VARCHAR', 'outcome': 'VARCHAR'},
    },
    'type': 'VARCHAR', 'time': 'VARCHAR',
    'data': {'subject': {'id': 'VARCHAR', 'content': {'environment': {'id': 'VARCHAR'}, 'outcome': 'VARCHAR'}}},
} %}
{% set columns = [
    ('delivery_id', 'case when record is not null then parent_key end', 'varchar'),
    ('event', 'scope', 'varchar'),
    ('received_at', 'fetched_at', 'timestamptz'),
    ('context_type', 'record.context.type', 'varchar'),
    ('occurred_at', 'record.context.timestamp', 'timestamptz'),
    ('subject_id', 'record.subject.id', 'varchar'),
    ('environment_id', 'record.subject.content.environment.id', 'varchar'),
    ('artifact_id', 'record.subject.content.artifactId', 'varchar'),
    ('outcome', 'record.subject.content.outcome', 'varchar'),
    ('structured_type', 'record.type', 'varchar'),
    ('structured_at', 'record.time', 'timestamptz'),
    ('structured_subject_id', 'record.data.subject.id', 'varchar'),
    ('structured_environment_id', 'record.data.subject.content.environment.id', 'varchar'),
    ('structured_outcome', 'record.data.subject.content.outcome', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'push__cdevents__new'), structure, carrying=['fetched_at']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('parent_key'), missing('scope'), missing('fetched_at')]) }} as cast_loss_count
    from records
),

first_seen as (
    {{ first_version('versions', none, ['delivery_id']) }}
)

select
    source, delivery_id, event, received_at, context_type, occurred_at, subject_id, environment_id, artifact_id,
    outcome, structured_type, structured_at, structured_subject_id, structured_environment_id, structured_outcome,
    record_id, source_updated_at, cast_loss_count
from first_seen
