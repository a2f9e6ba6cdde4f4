-- Written by `python -m orchestration.staging_models write` from group_members in connectors/gitlab.
-- One row per direct member of a named group.
{{ config(incremental_strategy='current_set', unique_key=['source', 'group_path', 'member_token']) }}

{% set structure = {
    'access_level': 'VARCHAR', 'state': 'VARCHAR', 'membership_state': 'VARCHAR', 'created_at': 'VARCHAR',
    'expires_at': 'VARCHAR', 'id': 'VARCHAR', 'created_by': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('access_level', 'record.access_level', 'integer'),
    ('state', 'record.state', 'varchar'),
    ('membership_state', 'record.membership_state', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('expires_date', 'record.expires_at', 'date'),
    ('group_path', 'case when record is not null then scope end', 'varchar'),
] %}

with records as (
    {{ records_of_changed_sets('gitlab', 'group_members', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ account('gitlab', 'record.id') }} as member_account,
        {{ account('gitlab', 'record.created_by.id') }} as creator_account,
        {{ cast_losses(columns, [
            missing('record.access_level'),
            missing('scope'),
            'record is not null and record.id is null',
            'record.created_by is not null and record.created_by.id is null',
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['group_path', 'member_account']) }}
)

select
    source, access_level, state, membership_state, created_at, expires_date, group_path, {{ token_columns('member') }},
    {{ token_columns('creator') }},
    record_id, source_updated_at,
    cast_loss_count + {{ token_loss('member') }} + {{ token_loss('creator') }} as cast_loss_count
from set_members
{{ join_tokens('member') }}
{{ join_tokens('creator') }}
