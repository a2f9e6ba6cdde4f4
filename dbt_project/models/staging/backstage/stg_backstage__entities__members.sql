-- One row per group of the catalog, member whom its entry lists and unbroken time in which readings showed that.
{{ config(materialized='table') }}

{% set structure = {'entity_ref': 'VARCHAR', 'kind': 'VARCHAR', 'members': 'JSON'} %}

with readings as (
    {{ readings_of_sets('backstage', 'entities') }}
),

records as (
    {{ records_of_every_reading('backstage', 'entities', structure) }}
),

stated as (
    select
        source, scope, parent_key, reading, record_id,
        scope as repository,
        record.entity_ref as group_ref,
        unnest({{ accounts_in('backstage', 'record.members', [['id']]) }}) as member_account
    from records
    where record.entity_ref is not null and lower(record.kind) = 'group'
),

sightings as (
    {{ sighted(['repository', 'group_ref', 'member_account']) }}
)

select
    source, repository, group_ref,
    {{ token_columns('member') }},
    {{ sighting_columns() }}
from sightings
{{ join_tokens('member') }}
where member.account_token is not null
