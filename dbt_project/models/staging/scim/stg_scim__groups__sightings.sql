-- One row per group, member and unbroken time in which readings showed the membership.
{{ config(materialized='table') }}

{% set structure = {'id': 'VARCHAR', 'displayName': 'VARCHAR', 'members': 'JSON'} %}

with readings as (
    {{ readings_of_sets('scim', 'groups') }}
),

records as (
    {{ records_of_every_reading('scim', 'groups', structure, wrapped_in=['Resources']) }}
),

stated as (
    select
        source, scope, parent_key, reading, record_id,
        record.id as group_id,
        record.displayName as group_name,
        unnest({{ accounts_in('scim', 'record.members', [['value']]) }}) as member_account
    from records
    where record.id is not null
),

sightings as (
    {{ sighted(['group_id', 'group_name', 'member_account']) }}
)

select
    source, group_id, group_name,
    {{ token_columns('member') }},
    {{ sighting_columns() }}
from sightings
{{ join_tokens('member') }}
where member.account_token is not null
