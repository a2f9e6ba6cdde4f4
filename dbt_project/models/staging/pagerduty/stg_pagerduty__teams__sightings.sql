-- One row per team and unbroken time in which readings showed it with the same name and place.
{{ config(materialized='table') }}

{% set structure = {'id': 'VARCHAR', 'name': 'VARCHAR', 'parent': {'id': 'VARCHAR'}} %}

with readings as (
    {{ readings_of_sets('pagerduty', 'teams') }}
),

records as (
    {{ records_of_every_reading('pagerduty', 'teams', structure, wrapped_in=['teams']) }}
),

stated as (
    select
        source, scope, parent_key, reading, record_id,
        record.id as team_id,
        record.name as team_name,
        record.parent.id as parent_team_id
    from records
    where record.id is not null
    {{ once_in_its_reading(['team_id']) }}
),

sightings as (
    {{ sighted(['team_id', 'team_name', 'parent_team_id']) }}
)

select
    source, team_id, team_name, parent_team_id,
    {{ sighting_columns() }}
from sightings
