-- One row per user whom the site knows, in the newest version.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'user_token']) }}

{% set structure = {
    'accountId': 'VARCHAR', 'key': 'VARCHAR', 'accountType': 'VARCHAR', 'active': 'VARCHAR', 'timeZone': 'VARCHAR',
} %}
{% set columns = [
    ('account_type', 'record.accountType', 'varchar'),
    ('is_active', 'record.active', 'boolean'),
    ('time_zone', 'record.timeZone', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__users__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ jira_account('record') }} as user_account,
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.active')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', 'user_account') }}
)

select
    source, {{ token_columns('user') }}, account_type, is_active, time_zone,
    record_id, source_updated_at, cast_loss_count + {{ token_loss('user') }} as cast_loss_count
from newest
{{ join_tokens('user') }}
