-- Grain: one row per source, person, team and span of time in which that source counts the person to the team.
with github_teams as (
    select source, organisation, team_slug, max({{ sighted_until('teams') }}) as gone_at
    from {{ ref('stg_github__teams__sightings') }} as teams
    group by source, organisation, team_slug
),

gitlab_groups as (
    select source, group_path, max({{ sighted_until('subgroups') }}) as gone_at
    from {{ ref('stg_gitlab__subgroups__sightings') }} as subgroups
    group by source, group_path
),

gitlab_members as (
    select source, group_path, member_token, is_member_bot, created_at, expires_date, first_seen_at, gone_at
    from {{ ref('stg_gitlab__group_members__sightings') }}
    union all
    select source, group_path, member_token, is_member_bot, created_at, expires_date, first_seen_at, gone_at
    from {{ ref('stg_gitlab__subgroup_members__sightings') }}
),

sighted as (
    select
        'scim' as source_kind, source, group_name as team_name, member_token as account_token, is_member_bot as is_bot,
        first_seen_at as valid_from, {{ sighted_until('members') }} as valid_until, was_there_from_the_first_reading
    from {{ ref('stg_scim__groups__sightings') }} as members
    union all
    select
        'backstage', source, group_ref, member_token, is_member_bot,
        first_seen_at, {{ sighted_until('members') }}, was_there_from_the_first_reading
    from {{ ref('stg_backstage__entities__members') }} as members
    union all
    select
        'backstage', source, group_ref, user_token, is_user_bot,
        first_seen_at, {{ sighted_until('members') }}, was_there_from_the_first_reading
    from {{ ref('stg_backstage__users__groups') }} as members
    union all
    select
        'github', members.source, members.team_slug, members.member_token, members.is_member_bot,
        members.first_seen_at,
        least({{ sighted_until('members') }}, coalesce(teams.gone_at, {{ end_of_time() }})),
        members.was_there_from_the_first_reading
    from {{ ref('stg_github__team_members__sightings') }} as members
    left join github_teams as teams
        on teams.source = members.source
        and teams.organisation = members.organisation
        and teams.team_slug = members.team_slug
    union all
    select
        'gitlab', members.source, members.group_path, members.member_token, members.is_member_bot,
        coalesce(members.created_at, members.first_seen_at), -- GitLab itself says since when
        least(
            {{ sighted_until('members') }},
            coalesce(members.expires_date::timestamp at time zone 'UTC', {{ end_of_time() }}),
            coalesce(gitlab_groups.gone_at, {{ end_of_time() }})
        ),
        false
    from gitlab_members as members
    left join gitlab_groups
        on gitlab_groups.source = members.source and gitlab_groups.group_path = members.group_path
    union all
    select
        'pagerduty', members.source, teams.team_name, members.user_token, members.is_user_bot,
        greatest(members.first_seen_at, teams.first_seen_at),
        least({{ sighted_until('members') }}, {{ sighted_until('teams') }}),
        members.was_there_from_the_first_reading and teams.was_there_from_the_first_reading
    from {{ ref('stg_pagerduty__team_members__sightings') }} as members
    inner join {{ ref('stg_pagerduty__teams__sightings') }} as teams
        on teams.source = members.source and teams.team_id = members.team_id
),

dated as (
    select
        sighted.* replace (
            case
                when sources.reaches_back and sighted.was_there_from_the_first_reading then {{ beginning_of_time() }}
                else sighted.valid_from
            end as valid_from
        ),
        sources.source_rank
    from sighted
    inner join {{ source('config', 'ownership_sources') }} as sources
        on sources.source_kind = sighted.source_kind and sources.statement = 'memberships'
),

-- a directory's groups are more than teams: of them only those count that something else knows as a team
named as (
    select
        dated.source_kind, dated.source, dated.source_rank, dated.account_token, dated.is_bot,
        dated.valid_from, dated.valid_until,
        case
            when dated.source_kind <> 'scim' then {{ named_team('dated') }}
            else coalesce(full_names.team_id, short_names.team_id, known.team_id)
        end as team_id
    from dated
    {{ join_team_names('dated') }}
    left join (select distinct team_id from {{ ref('int_team_placements') }}) as known
        on known.team_id = {{ team_slug(last_part('dated.team_name')) }}
),

personal as (
    select
        coalesce(people.person_token, named.account_token) as person_token,
        named.team_id, named.source_kind, named.source, named.source_rank,
        1 as weight,
        greatest(named.valid_from, coalesce(people.valid_from, {{ beginning_of_time() }})) as valid_from,
        least(named.valid_until, coalesce(people.valid_until, {{ end_of_time() }})) as valid_until
    from named
    left join {{ ref('int_people') }} as people on people.account_token = named.account_token
    where named.team_id is not null and not named.is_bot and not coalesce(people.is_bot, false)
    union all
    select
        employments.person_token, employments.team_id, 'roster', employments.source, sources.source_rank,
        employments.fte_units, employments.valid_from, employments.valid_until
    from {{ ref('int_team_employments') }} as employments
    inner join {{ source('config', 'ownership_sources') }} as sources
        on sources.source_kind = 'roster' and sources.statement = 'memberships'
    where employments.team_id is not null
)

select distinct person_token, team_id, source_kind, source, source_rank, weight, valid_from, valid_until
from personal
where valid_from < valid_until
