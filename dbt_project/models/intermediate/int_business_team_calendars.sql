-- Grain: one row per team and span of time: the calendar that it works by, its own or that of the nearest team above.
-- Whoever has none works by the calendar named default.
with spells as (
    select
        team_id,
        calendar_id,
        coalesce(valid_from, {{ beginning_of_time() }}) as valid_from,
        coalesce(valid_until, {{ end_of_time() }}) as valid_until
    from {{ source('config', 'team_calendars') }}
    -- a calendar that is not described would give no working time at all
    where calendar_id in (select calendar_id from {{ source('config', 'calendars') }})
),

boundaries as (
    select valid_from as boundary_at from spells
    union
    select valid_until as boundary_at from spells
),

placed as (
    select
        team_id,
        team_path,
        valid_from,
        valid_until,
        unnest(list_prepend(valid_from, list_filter(
            (select coalesce(list_sort(list(boundary_at)), []) from boundaries),
            lambda boundary_at: boundary_at > valid_from and boundary_at < valid_until
        ))) as starts_at
    from {{ ref('int_team_paths') }}
),

spans as (
    select
        team_id,
        team_path,
        starts_at as valid_from,
        lead(starts_at, 1, valid_until) over (partition by team_id, valid_from order by starts_at) as valid_until
    from placed
),

climbed as (
    select team_id, valid_from, valid_until, unnest(team_path) as above_id, generate_subscripts(team_path, 1) as steps
    from spans
),

found as (
    select climbed.team_id, climbed.valid_from, climbed.valid_until, spells.calendar_id
    from climbed
    left join spells
        on spells.team_id = climbed.above_id
        and spells.valid_from <= climbed.valid_from
        and spells.valid_until > climbed.valid_from
    qualify row_number() over (
        partition by climbed.team_id, climbed.valid_from
        order by spells.calendar_id is null, climbed.steps, spells.valid_from desc, spells.calendar_id
    ) = 1
)

select team_id, coalesce(calendar_id, 'default') as calendar_id, valid_from, valid_until
from found
