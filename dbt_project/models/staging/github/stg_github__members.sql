-- One row per member of an organisation, as its newest complete list of members has it.
{{ config(incremental_strategy='current_set', unique_key=['source', 'organisation', 'member_token']) }}

{% set structure = {'id': 'VARCHAR'} %}

with records as (
    {{ records_of_changed_sets('github', 'members', structure) }}
),

members as (
    select
        source, scope as organisation, record_id, page_position, ordinal,
        {{ github_account('record.id') }} as member_account,
        {{ cast_losses([], [account_loss('record')]) }} as cast_loss_count
    from records
),

tokens as (
    select members.*, {{ token_columns('member') }}, {{ token_loss('member') }} as token_loss_count
    from members
    {{ join_tokens('member') }}
)

select
    source, organisation, member_token, is_member_bot,
    record_id, null::timestamptz as source_updated_at, cast_loss_count + token_loss_count as cast_loss_count
from tokens
{{ once_in_its_set('organisation', 'member_token') }}
