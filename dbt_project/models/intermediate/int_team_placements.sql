-- Grain: one row per source, team and span of time in which that source says where the team stands.
-- A source that only knows that there is a team (the roster, or another team's parent) places it nowhere.
with backstage as (
    select source, entity_ref, parent_ref, child_refs, first_seen_at, gone_at, was_there_from_the_first_reading
    from {{ ref('stg_backstage__entities__sightings') }}
    where lower(entity_kind) = 'group'
),

children as (
    select source, child_ref, min(first_seen_at) as first_seen_at
    from (select source, unnest(child_refs) as child_ref, first_seen_at from backstage)
    group by source, child_ref
),

subgroups as (
    select distinct source, group_path from {{ ref('stg_gitlab__subgroups__sightings') }}
),

sighted as (
    select
        'backstage' as source_kind, source, entity_ref as team_name, parent_ref as parent_name,
        parent_ref is not null or not exists (
            select 1 from children where children.source = backstage.source and children.child_ref = entity_ref
        ) as is_placed,
        first_seen_at, gone_at, was_there_from_the_first_reading
    from backstage
    union all
    select
        'backstage', source, unnest(child_refs), entity_ref, true,
        first_seen_at, gone_at, was_there_from_the_first_reading
    from backstage
    union all
    select
        'github', source, team_slug, parent_slug, true, first_seen_at, gone_at, was_there_from_the_first_reading
    from {{ ref('stg_github__teams__sightings') }}
    union all
    select
        'gitlab', sightings.source, sightings.group_path, subgroups.group_path, true,
        sightings.first_seen_at, sightings.gone_at, sightings.was_there_from_the_first_reading
    from {{ ref('stg_gitlab__subgroups__sightings') }} as sightings
    left join subgroups
        on subgroups.source = sightings.source
        and subgroups.group_path = regexp_extract(sightings.group_path, '^(.*)/[^/]*$', 1)
    union all
    select
        'pagerduty', teams.source, teams.team_name, parents.team_name, true,
        teams.first_seen_at, teams.gone_at, teams.was_there_from_the_first_reading
    from {{ ref('stg_pagerduty__teams__sightings') }} as teams
    left join (
        select source, team_id, team_name
        from {{ ref('stg_pagerduty__teams__sightings') }}
        qualify row_number() over (partition by source, team_id order by first_seen_at desc, record_id desc) = 1
    ) as parents
        on parents.source = teams.source and parents.team_id = teams.parent_team_id
),

rostered as (
    select
        'roster' as source_kind, source, team as team_name,
        {{ day_begins('min(valid_from_date)') }} as valid_from,
        case
            when bool_and(valid_until_date is not null) then {{ day_begins('max(valid_until_date)') }}
            else {{ end_of_time() }}
        end as valid_until
    from {{ ref('stg_roster__employments') }}
    cross join {{ ref('int_reporting') }} as reporting
    where team is not null
    group by source, team, reporting.time_zone
),

dated as (
    select
        sighted.source_kind, sighted.source, sighted.team_name, sighted.parent_name, sighted.is_placed,
        {{ sighted_from('sighted') }} as valid_from,
        {{ sighted_until('sighted') }} as valid_until
    from sighted
    inner join {{ source('config', 'ownership_sources') }} as sources
        on sources.source_kind = sighted.source_kind and sources.statement = 'hierarchy'
    union all
    select source_kind, source, team_name, null, false, valid_from, valid_until from rostered
),

named as (
    select
        dated.*,
        {{ named_team('dated') }} as team_id
    from dated
    {{ join_team_names('dated') }}
),

placed as (
    select
        stated.source_kind, stated.source, stated.team_id, stated.is_placed, stated.valid_from, stated.valid_until,
        case when stated.parent_name is not null then {{ named_team('stated') }} end as parent_team_id
    from (
        select
            source_kind, source, team_id, is_placed, parent_name, parent_name as team_name, valid_from, valid_until
        from named
    ) as stated
    {{ join_team_names('stated') }}
),

stated as (
    select
        'settings' as source_kind, 'settings' as source, team_id, true as is_placed,
        coalesce(valid_from, {{ beginning_of_time() }}) as valid_from,
        coalesce(valid_until, {{ end_of_time() }}) as valid_until,
        parent_team_id
    from {{ source('config', 'teams') }}
    union all
    select * from placed
    union all
    select source_kind, source, parent_team_id, false, valid_from, valid_until, null
    from placed
    where parent_team_id is not null
)

select distinct
    stated.team_id,
    stated.parent_team_id,
    stated.is_placed,
    stated.source_kind,
    stated.source,
    sources.source_rank,
    stated.valid_from,
    stated.valid_until
from stated
inner join {{ source('config', 'ownership_sources') }} as sources
    on sources.source_kind = stated.source_kind and sources.statement = 'hierarchy'
where stated.team_id is not null
    and stated.team_id is distinct from stated.parent_team_id
    and stated.valid_from < stated.valid_until
