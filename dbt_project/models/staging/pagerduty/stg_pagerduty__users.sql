-- Written by `python -m orchestration.staging_models write` from users in connectors/pagerduty.
-- One row per person with an account, as it is now or was last.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'user_token']) }}

{% set structure = {'role': 'VARCHAR', 'teams': 'JSON', 'id': 'VARCHAR'} %}
{% set columns = [
    ('role', 'record.role', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'pagerduty__users__new'), structure, wrapped_in=['users']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.teams', [['id']]) }} as team_ids,
        {{ account('pagerduty', 'record.id') }} as user_account,
        {{ cast_losses(columns, [
            list_loss('record.teams', [['id']]),
            'record is not null and record.id is null',
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['user_account']) }}
)

select
    source, role, team_ids, {{ token_columns('user') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('user') }} as cast_loss_count
from newest
{{ join_tokens('user') }}
