-- Grain: one row per team and day on which somebody was there for it or for a team below it, be it without a share.
-- Whose accounts nobody has matched stands there once for each tool. So people are counted by the source that tells most
-- of them apart: as many there are at least.
with placed as (
    select
        days.person_token,
        days.exposure_date,
        days.team_id as member_of,
        days.fte_days,
        unnest(coalesce(paths.team_path, [days.team_id])) as team_id
    from {{ ref('int_team_member_days') }} as days
    cross join {{ ref('int_reporting') }} as reporting
    left join {{ ref('int_team_paths') }} as paths
        on paths.team_id = days.team_id
        and paths.valid_from <= {{ noon_of('days.exposure_date') }}
        and paths.valid_until > {{ noon_of('days.exposure_date') }}
    where days.team_id is not null
),

told as (
    select
        placed.team_id,
        placed.exposure_date,
        count(distinct placed.person_token) as person_count,
        count(distinct placed.person_token)
            filter (where placed.member_of = placed.team_id and placed.fte_days > 0) as own_person_count
    from placed
    inner join {{ ref('int_person_tellers') }} as tellers on tellers.person_token = placed.person_token
    group by placed.team_id, placed.exposure_date, tellers.teller
),

people as (
    select team_id, exposure_date, max(person_count) as person_count, max(own_person_count) as own_person_count
    from told
    group by team_id, exposure_date
),

worked as (
    select
        team_id,
        exposure_date,
        cast(list_sum(list(fte_days order by person_token, member_of)) as decimal(18, 4)) as fte_days,
        cast(coalesce(
            list_sum(list(fte_days order by person_token) filter (where member_of = team_id)), 0
        ) as decimal(18, 4)) as own_fte_days
    from placed
    group by team_id, exposure_date
)

select
    worked.team_id,
    worked.exposure_date,
    worked.fte_days,
    people.person_count,
    worked.own_fte_days,
    people.own_person_count
from worked
inner join people on people.team_id = worked.team_id and people.exposure_date = worked.exposure_date
