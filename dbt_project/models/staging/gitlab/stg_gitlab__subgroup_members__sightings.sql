-- One row per direct member of a group and unbroken time in which readings showed the membership.
{{ config(materialized='table') }}

{% set structure = {'id': 'VARCHAR', 'created_at': 'VARCHAR', 'expires_at': 'VARCHAR', 'state': 'VARCHAR'} %}

with readings as (
    {{ readings_of_sets('gitlab', 'subgroup_members') }}
),

records as (
    {{ records_of_every_reading('gitlab', 'subgroup_members', structure) }}
),

stated as (
    select
        source, scope, parent_key, reading, record_id,
        scope as named_group_path,
        parent_key as group_path,
        {{ read_as('record.created_at', 'timestamptz') }} as created_at,
        {{ read_as('record.expires_at', 'date') }} as expires_date,
        {{ account('gitlab', 'record.id') }} as member_account
    from records
    where record.id is not null and coalesce(record.state, 'active') = 'active'
    {{ once_in_its_reading(['named_group_path', 'group_path', 'member_account']) }}
),

sightings as (
    {{ sighted(['named_group_path', 'group_path', 'created_at', 'expires_date', 'member_account']) }}
)

select
    source, named_group_path, group_path, created_at, expires_date,
    {{ token_columns('member') }},
    {{ sighting_columns() }}
from sightings
{{ join_tokens('member') }}
where member.account_token is not null
