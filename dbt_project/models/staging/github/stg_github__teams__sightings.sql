-- One row per team and unbroken time in which readings showed it in the same place.
{{ config(materialized='table') }}

{% set structure = {'slug': 'VARCHAR', 'parent': {'slug': 'VARCHAR'}} %}

with readings as (
    {{ readings_of_sets('github', 'teams') }}
),

records as (
    {{ records_of_every_reading('github', 'teams', structure) }}
),

stated as (
    select
        source, scope, parent_key, reading, record_id,
        scope as organisation,
        record.slug as team_slug,
        record.parent.slug as parent_slug
    from records
    where record.slug is not null
    {{ once_in_its_reading(['organisation', 'team_slug']) }}
),

sightings as (
    {{ sighted(['organisation', 'team_slug', 'parent_slug']) }}
)

select
    source, organisation, team_slug, parent_slug,
    {{ sighting_columns() }}
from sightings
