-- Grain: one row per source, service and span of time in which that source names that team as the service's owner.
with services as (
    select
        service_id, lower(service_id) as service_name, lower(trim(title)) as title, lower(repository) as repository,
        former_names
    from {{ ref('int_services') }}
),

entity_names as (
    select service_id, service_name from services
    union
    select service_id, lower(unnest(former_names)) from services
),

service_names as (
    select service_id, service_name from entity_names
    union
    select service_id, title from services
),

of_one_repository as (
    select repository, min(service_id) as service_id
    from services
    group by repository
    having count(*) = 1
),

settings as (
    select
        'settings' as source_kind, 'settings' as source, service_id, team_id, cast(null as varchar) as team_name,
        coalesce(valid_from, {{ beginning_of_time() }}) as valid_from,
        coalesce(valid_until, {{ end_of_time() }}) as valid_until,
        false as was_there_from_the_first_reading,
        1 as place
    from {{ source('config', 'service_owners') }}
),

components as (
    select
        'backstage' as source_kind, entities.source,
        coalesce(services.service_id, of_one_repository.service_id) as service_id,
        cast(null as varchar) as team_id,
        entities.owner_ref as team_name,
        entities.first_seen_at as valid_from,
        {{ sighted_until('entities') }} as valid_until,
        entities.was_there_from_the_first_reading,
        case when services.service_id is not null then 1 else 2 end as place
    from {{ ref('stg_backstage__entities__sightings') }} as entities
    left join entity_names as services on services.service_name = lower(entities.entity_name)
    left join of_one_repository
        on of_one_repository.repository
            = lower(coalesce(entities.github_project_slug, entities.gitlab_project_slug))
    where lower(entities.entity_kind) = 'component' and entities.owner_ref is not null
),

rules as (
    select
        'codeowners' as source_kind, source, service_id, cast(null as varchar) as team_id, team_slug as team_name,
        valid_from, valid_until, false as was_there_from_the_first_reading, 1 as place
    from {{ ref('int_service_owner_rules') }}
),

on_call as (
    select
        'pagerduty' as source_kind, named.source, services.service_id, cast(null as varchar) as team_id,
        teams.team_name,
        greatest(named.first_seen_at, teams.first_seen_at) as valid_from,
        least({{ sighted_until('named') }}, {{ sighted_until('teams') }}) as valid_until,
        named.was_there_from_the_first_reading and teams.was_there_from_the_first_reading
            as was_there_from_the_first_reading,
        1 as place
    from {{ ref('stg_pagerduty__services__sightings') }} as named
    inner join service_names as services on services.service_name = lower(trim(named.service_name))
    inner join {{ ref('stg_pagerduty__teams__sightings') }} as teams
        on teams.source = named.source and teams.team_id = named.team_ids[1]
),

namespaces as (
    select
        'gitlab' as source_kind, projects.source, services.service_id, cast(null as varchar) as team_id,
        projects.group_path as team_name,
        projects.first_seen_at as valid_from,
        {{ sighted_until('projects') }} as valid_until,
        projects.was_there_from_the_first_reading,
        1 as place
    from {{ ref('stg_gitlab__projects__sightings') }} as projects
    inner join services on services.repository = lower(projects.project_path)
    where projects.group_path is not null
),

stated as (
    select * from settings
    union all
    select * from components where service_id is not null
    union all
    select * from rules
    union all
    select * from on_call
    union all
    select * from namespaces
)

select distinct
    stated.service_id,
    coalesce(stated.team_id, {{ named_team('stated') }}) as team_id,
    stated.source_kind,
    stated.source,
    sources.source_rank,
    stated.place,
    case
        when sources.reaches_back and stated.was_there_from_the_first_reading then {{ beginning_of_time() }}
        else stated.valid_from
    end as valid_from,
    stated.valid_until
from stated
inner join {{ source('config', 'ownership_sources') }} as sources
    on sources.source_kind = stated.source_kind and sources.statement = 'services'
{{ join_team_names('stated') }}
where stated.valid_from < stated.valid_until
    and coalesce(stated.team_id, {{ named_team('stated') }}) is not null
