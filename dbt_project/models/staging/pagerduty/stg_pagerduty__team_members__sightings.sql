-- One row per team, member and unbroken time in which readings showed the membership; observers are none.
{{ config(materialized='table') }}

{% set structure = {'role': 'VARCHAR', 'user': {'id': 'VARCHAR'}} %}

with readings as (
    {{ readings_of_sets('pagerduty', 'team_members') }}
),

records as (
    {{ records_of_every_reading('pagerduty', 'team_members', structure, wrapped_in=['members']) }}
),

stated as (
    select
        source, scope, parent_key, reading, record_id,
        parent_key as team_id,
        {{ account('pagerduty', 'record.user.id') }} as user_account
    from records
    where record.user.id is not null and coalesce(record.role, '') <> 'observer'
    {{ once_in_its_reading(['team_id', 'user_account']) }}
),

sightings as (
    {{ sighted(['team_id', 'user_account']) }}
)

select
    source, team_id,
    {{ token_columns('user') }},
    {{ sighting_columns() }}
from sightings
{{ join_tokens('user') }}
where user.account_token is not null
