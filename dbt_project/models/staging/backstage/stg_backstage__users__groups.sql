-- One row per person of the catalog, group that their entry names and unbroken time in which readings showed that.
{{ config(materialized='table') }}

{% set structure = {'groups': 'JSON', 'user': {'id': 'VARCHAR'}} %}

with readings as (
    {{ readings_of_sets('backstage', 'users') }}
),

records as (
    {{ records_of_every_reading('backstage', 'users', structure) }}
),

stated as (
    select
        source, scope, parent_key, reading, record_id,
        scope as repository,
        unnest({{ texts_in('record.groups', [[]]) }}) as group_ref,
        {{ account('backstage', 'record.user.id') }} as user_account
    from records
    where record.user.id is not null
),

sightings as (
    {{ sighted(['repository', 'group_ref', 'user_account']) }}
)

select
    source, repository, group_ref,
    {{ token_columns('user') }},
    {{ sighting_columns() }}
from sightings
{{ join_tokens('user') }}
where user.account_token is not null
