-- One row per service and unbroken time in which readings showed it with the same name and teams.
{{ config(materialized='table') }}

{% set structure = {'id': 'VARCHAR', 'name': 'VARCHAR', 'teams': 'JSON'} %}

with readings as (
    {{ readings_of_sets('pagerduty', 'services') }}
),

records as (
    {{ records_of_every_reading('pagerduty', 'services', structure, wrapped_in=['services']) }}
),

stated as (
    select
        source, scope, parent_key, reading, record_id,
        record.id as service_id,
        record.name as service_name,
        {{ texts_in('record.teams', [['id']]) }} as team_ids
    from records
    where record.id is not null
    {{ once_in_its_reading(['service_id']) }}
),

sightings as (
    {{ sighted(['service_id', 'service_name', 'team_ids']) }}
)

select
    source, service_id, service_name, team_ids,
    {{ sighting_columns() }}
from sightings
