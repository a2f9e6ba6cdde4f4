-- Written by `python -m orchestration.staging_models write` from log_entries in connectors/pagerduty.
-- One row per entry of an incident's log: a trigger, an acknowledgement, an escalation, an end.
{{ config(incremental_strategy='first_version', unique_key=['source', 'log_entry_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'type': 'VARCHAR', 'incident': {'id': 'VARCHAR'}, 'service': {'id': 'VARCHAR'},
    'created_at': 'VARCHAR', 'agent': {'type': 'VARCHAR'}, 'channel': {'type': 'VARCHAR'}, 'teams': 'JSON',
    'assignees': 'JSON', 'user': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('log_entry_id', 'record.id', 'varchar'),
    ('entry_type', 'record.type', 'varchar'),
    ('incident_id', 'record.incident.id', 'varchar'),
    ('service_id', 'record.service.id', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('agent_type', 'record.agent.type', 'varchar'),
    ('channel_type', 'record.channel.type', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'pagerduty__log_entries__new'), structure, wrapped_in=['log_entries']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.teams', [['id']]) }} as team_ids,
        {{ accounts_in('pagerduty', 'record.assignees', [['id']]) }} as assignee_accounts,
        {{ account('pagerduty', 'record.user.id') }} as notified_user_account,
        {{ cast_losses(columns, [
            missing('record.id'),
            missing('record.type'),
            list_loss('record.teams', [['id']]),
            missing('record.created_at'),
            list_loss('record.assignees', [['id']]),
            'record.user is not null and record.user.id is null',
        ]) }} as cast_loss_count
    from records
),

first_seen as (
    {{ first_version('versions', none, ['log_entry_id']) }}
)

select
    source, log_entry_id, entry_type, incident_id, service_id, team_ids, created_at, agent_type, channel_type,
    {{ token_list('assignee') }}, {{ token_columns('notified_user') }},
    record_id, source_updated_at,
    cast_loss_count + {{ token_list_loss('assignee') }} + {{ token_loss('notified_user') }} as cast_loss_count
from first_seen
{{ join_token_lists('first_seen', 'assignee') }}
{{ join_tokens('notified_user') }}
