-- Grain: one row per team and day on which somebody was there for it or for a team below it, be it without a share.
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
)

select
    team_id,
    exposure_date,
    cast(list_sum(list(fte_days order by person_token, member_of)) as decimal(18, 4)) as fte_days,
    count(distinct person_token) as person_count,
    cast(coalesce(
        list_sum(list(fte_days order by person_token) filter (where member_of = team_id)), 0
    ) as decimal(18, 4)) as own_fte_days,
    count(distinct person_token) filter (where member_of = team_id and fte_days > 0) as own_person_count
from placed
group by team_id, exposure_date
