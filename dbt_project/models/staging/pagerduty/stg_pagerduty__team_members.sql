-- Written by `python -m orchestration.staging_models write` from team_members in connectors/pagerduty.
-- One row per member of a team.
{{ config(incremental_strategy='current_set', unique_key=['source', 'team_id', 'user_token']) }}

{% set structure = {'role': 'VARCHAR', 'user': {'id': 'VARCHAR'}} %}
{% set columns = [
    ('team_id', 'case when record is not null then parent_key end', 'varchar'),
    ('role', 'record.role', 'varchar'),
] %}

with records as (
    {{ records_of_changed_sets('pagerduty', 'team_members', structure, wrapped_in=['members']) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ account('pagerduty', 'record.user.id') }} as user_account,
        {{ cast_losses(columns, [
            missing('parent_key'),
            'record.user is not null and record.user.id is null',
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['team_id', 'user_account']) }}
)

select
    source, team_id, role, {{ token_columns('user') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('user') }} as cast_loss_count
from set_members
{{ join_tokens('user') }}
