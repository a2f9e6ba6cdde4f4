-- Written by `python -m orchestration.staging_models write` from groups in connectors/scim.
-- One row per group with its members; those that are groups themselves have no person behind them.
{{ config(incremental_strategy='current_set', unique_key=['source', 'group_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'displayName': 'VARCHAR', 'meta': {'created': 'VARCHAR', 'lastModified': 'VARCHAR'},
    'members': 'JSON',
} %}
{% set columns = [
    ('group_id', 'record.id', 'varchar'),
    ('group_name', 'record.displayName', 'varchar'),
    ('created_at', 'record.meta.created', 'timestamptz'),
    ('source_updated_at', 'record.meta.lastModified', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('scim', 'groups', structure, wrapped_in=['Resources']) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        {{ accounts_in('scim', 'record.members', [['value']]) }} as member_accounts,
        {{ cast_losses(columns, [
            missing('record.id'),
            missing('record.displayName'),
            list_loss('record.members', [['value']]),
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['group_id']) }}
)

select
    source, group_id, group_name, created_at, {{ token_list('member') }},
    record_id, source_updated_at, cast_loss_count + {{ token_list_loss('member') }} as cast_loss_count
from set_members
{{ join_token_lists('set_members', 'member') }}
