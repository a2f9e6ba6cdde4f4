-- One row per team, member and unbroken time in which readings showed the membership.
{{ config(materialized='table') }}

{% set structure = {'id': 'VARCHAR'} %}

with readings as (
    {{ readings_of_sets('github', 'team_members') }}
),

records as (
    {{ records_of_every_reading('github', 'team_members', structure) }}
),

stated as (
    select
        source, scope, parent_key, reading, record_id,
        scope as organisation,
        parent_key as team_slug,
        {{ github_account('record.id') }} as member_account
    from records
    where try_cast(record.id as bigint) is not null
    {{ once_in_its_reading(['organisation', 'team_slug', 'member_account']) }}
),

sightings as (
    {{ sighted(['organisation', 'team_slug', 'member_account']) }}
)

select
    source, organisation, team_slug,
    {{ token_columns('member') }},
    {{ sighting_columns() }}
from sightings
{{ join_tokens('member') }}
where member.account_token is not null
