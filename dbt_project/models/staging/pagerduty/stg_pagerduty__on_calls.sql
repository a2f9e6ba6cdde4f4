-- Written by `python -m orchestration.staging_models write` from on_calls in connectors/pagerduty.
-- One row per person who is on call now, for a level of an escalation policy.
{{ config(
    incremental_strategy='current_set',
    unique_key=['source', 'escalation_policy_id', 'escalation_level', 'user_token']
) }}

{% set structure = {
    'escalation_policy': {'id': 'VARCHAR'}, 'escalation_level': 'VARCHAR', 'schedule': {'id': 'VARCHAR'},
    'start': 'VARCHAR', 'end': 'VARCHAR', 'user': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('escalation_policy_id', 'record.escalation_policy.id', 'varchar'),
    ('escalation_level', 'record.escalation_level', 'integer'),
    ('schedule_id', 'record.schedule.id', 'varchar'),
    ('started_at', 'record.start', 'timestamptz'),
    ('ends_at', 'record.end', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('pagerduty', 'on_calls', structure, wrapped_in=['oncalls']) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ account('pagerduty', 'record.user.id') }} as user_account,
        {{ cast_losses(columns, [
            missing('record.escalation_policy.id'),
            missing('record.escalation_level'),
            'record.user is not null and record.user.id is null',
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['escalation_policy_id', 'escalation_level', 'user_account']) }}
)

select
    source, escalation_policy_id, escalation_level, schedule_id, started_at, ends_at, {{ token_columns('user') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('user') }} as cast_loss_count
from set_members
{{ join_tokens('user') }}
