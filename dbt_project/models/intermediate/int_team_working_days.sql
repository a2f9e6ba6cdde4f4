-- Grain: one row per calendar that the roster names (the empty one is everybody else's) and working day of it.
-- A calendar that the settings describe has its hours and holidays; people of another, or of none, work on the days of
-- the default calendar, which is Monday to Friday unless the settings describe that one.
with calendars as (
    select '' as calendar_id
    union
    select working_calendar from {{ ref('int_team_employments') }} where working_calendar is not null
),

worked as (
    select distinct calendar, day as working_date
    from {{ source('computed', 'working_hours') }}
    where starts_at < ends_at
),

described as (
    select
        calendars.calendar_id,
        coalesce(known.calendar, 'default') as calendar
    from calendars
    left join (select distinct calendar from worked) as known on known.calendar = calendars.calendar_id
),

days as (
    select unnest(generate_series(
        {{ reporting_date('reporting.coverage_from') }},
        {{ reporting_date('(reporting.coverage_until - interval 1 microsecond)') }},
        interval 1 day
    ))::date as working_date
    from {{ ref('int_reporting') }} as reporting
)

select described.calendar_id, days.working_date
from described
inner join worked on worked.calendar = described.calendar
inner join days on days.working_date = worked.working_date
