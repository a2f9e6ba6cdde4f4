-- Written by `python -m orchestration.staging_models write` from silences in connectors/alertmanager.
-- One row per silence: alerts that meet its matchers are not notified between two instants.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'silence_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'status': {'state': 'VARCHAR'}, 'startsAt': 'VARCHAR', 'endsAt': 'VARCHAR', 'updatedAt': 'VARCHAR',
    'createdBy': 'VARCHAR', 'matchers': 'JSON',
} %}
{% set columns = [
    ('silence_id', 'record.id', 'varchar'),
    ('state', 'record.status.state', 'varchar'),
    ('starts_at', 'record.startsAt', 'timestamptz'),
    ('ends_at', 'record.endsAt', 'timestamptz'),
    ('source_updated_at', 'record.updatedAt', 'timestamptz'),
    ('matchers', 'record.matchers', 'json'),
] %}

with records as (
    {{ records_in(source('raw', 'alertmanager__silences__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ account('alertmanager', 'record.createdBy') }} as creator_account,
        {{ cast_losses(columns, [
            missing('record.id'),
            missing('record.startsAt'),
            missing('record.endsAt'),
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['silence_id']) }}
)

select
    source, silence_id, state, starts_at, ends_at, source_updated_at as updated_at, matchers,
    {{ token_columns('creator') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('creator') }} as cast_loss_count
from newest
{{ join_tokens('creator') }}
