-- One row per group below a named one and unbroken time in which readings showed it.
{{ config(materialized='table') }}

{% set structure = {'full_path': 'VARCHAR'} %}

with readings as (
    {{ readings_of_sets('gitlab', 'subgroups') }}
),

records as (
    {{ records_of_every_reading('gitlab', 'subgroups', structure) }}
),

stated as (
    select
        source, scope, parent_key, reading, record_id,
        scope as named_group_path,
        record.full_path as group_path
    from records
    where record.full_path is not null
    {{ once_in_its_reading(['named_group_path', 'group_path']) }}
),

sightings as (
    {{ sighted(['named_group_path', 'group_path']) }}
)

select
    source, named_group_path, group_path,
    {{ sighting_columns() }}
from sightings
