-- Written by `python -m orchestration.staging_models write` from users in connectors/datadog.
-- One row per person with an account, as it is now or was last.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'user_token']) }}

{% set structure = {
    'attributes': {'disabled': 'VARCHAR', 'service_account': 'VARCHAR', 'modified_at': 'VARCHAR'}, 'id': 'VARCHAR',
} %}
{% set columns = [
    ('is_disabled', 'record.attributes.disabled', 'boolean'),
    ('is_service_account', 'record.attributes.service_account', 'boolean'),
    ('source_updated_at', 'record.attributes.modified_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'datadog__users__new'), structure, wrapped_in=['data']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ account('datadog', 'record.id') }} as user_account,
        {{ cast_losses(columns, ['record is not null and record.id is null']) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['user_account']) }}
)

select
    source, is_disabled, is_service_account, source_updated_at as modified_at, {{ token_columns('user') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('user') }} as cast_loss_count
from newest
{{ join_tokens('user') }}
