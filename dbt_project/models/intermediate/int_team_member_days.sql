-- Grain: one row per person, working day on which they are not away, and team that part of the day belongs to; without
-- team where they are employed and nobody says with whom. Whoever has no share there, as people whom no roster knows,
-- works no FTE-days, and is one of the team's people. A day belongs to whom the person belongs to at its noon.
with assignments as (
    select
        assigned.person_token,
        assigned.team_id,
        assigned.fte_units,
        coalesce(assigned.working_calendar, '') as calendar_id,
        cast(
            (greatest(assigned.valid_from, reporting.coverage_from) at time zone reporting.time_zone)
                - interval 12 hours - interval 1 microsecond as date
        ) + 1 as first_date,
        cast(
            (least(assigned.valid_until, reporting.coverage_until) at time zone reporting.time_zone)
                - interval 12 hours - interval 1 microsecond as date
        ) as last_date
    from {{ ref('int_team_assignments') }} as assigned
    cross join {{ ref('int_reporting') }} as reporting
),

days as (
    select
        person_token, team_id, fte_units, calendar_id,
        unnest(generate_series(first_date, last_date, interval 1 day))::date as exposure_date
    from assignments -- without a noon between its ends an assignment has no day
),

away as (
    select distinct
        coalesce(people.person_token, taken.person_token) as person_token,
        taken.exposure_date
    from (
        select
            person_token,
            unnest(generate_series(from_date, until_date - 1, interval 1 day))::date as exposure_date
        from {{ ref('stg_roster__leave') }}
        where from_date < until_date
    ) as taken
    cross join {{ ref('int_reporting') }} as reporting
    left join {{ ref('int_people') }} as people
        on people.account_token = taken.person_token
        and people.valid_from <= {{ noon_of('taken.exposure_date') }}
        and people.valid_until > {{ noon_of('taken.exposure_date') }}
)

select
    days.person_token,
    days.exposure_date,
    days.team_id,
    cast(cast(days.fte_units as decimal(9, 0)) * cast(0.0001 as decimal(5, 4)) as decimal(18, 4)) as fte_days
from days
inner join {{ ref('int_team_working_days') }} as working
    on working.calendar_id = days.calendar_id and working.working_date = days.exposure_date
left join away on away.person_token = days.person_token and away.exposure_date = days.exposure_date
where away.person_token is null
