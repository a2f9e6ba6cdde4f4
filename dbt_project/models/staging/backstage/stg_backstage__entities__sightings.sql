-- One row per entity of the catalog and unbroken time in which readings showed it with the same owner and place.
{{ config(materialized='table') }}

{% set structure = {
    'entity_ref': 'VARCHAR', 'kind': 'VARCHAR', 'name': 'VARCHAR', 'owner_ref': 'VARCHAR', 'parent_ref': 'VARCHAR',
    'github_project_slug': 'VARCHAR', 'gitlab_project_slug': 'VARCHAR', 'child_refs': 'JSON',
} %}

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
        record.entity_ref as entity_ref,
        record.kind as entity_kind,
        record.name as entity_name,
        record.owner_ref as owner_ref,
        record.parent_ref as parent_ref,
        {{ texts_in('record.child_refs', [[]]) }} as child_refs,
        record.github_project_slug as github_project_slug,
        record.gitlab_project_slug as gitlab_project_slug
    from records
    where record.entity_ref is not null
    {{ once_in_its_reading(['repository', 'entity_ref']) }}
),

sightings as (
    {{ sighted(['repository', 'entity_ref', 'entity_kind', 'entity_name', 'owner_ref', 'parent_ref', 'child_refs', 'github_project_slug', 'gitlab_project_slug']) }}
)

select
    source, repository, entity_ref, entity_kind, entity_name, owner_ref, parent_ref, child_refs, github_project_slug, gitlab_project_slug,
    {{ sighting_columns() }}
from sightings
