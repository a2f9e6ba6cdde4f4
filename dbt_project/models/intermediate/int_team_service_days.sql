-- Grain: one row per team and day at whose noon it, or a team below it, owned a service.
with spans as (
    select
        owned.service_id,
        owned.team_id as owner_team_id,
        owned.team_path,
        cast(
            (greatest(owned.valid_from, reporting.coverage_from) at time zone reporting.time_zone)
                - interval 12 hours - interval 1 microsecond as date
        ) + 1 as first_date,
        cast(
            (least(owned.valid_until, reporting.coverage_until) at time zone reporting.time_zone)
                - interval 12 hours - interval 1 microsecond as date
        ) as last_date
    from {{ ref('int_service_owners_dated') }} as owned
    cross join {{ ref('int_reporting') }} as reporting
),

days as (
    select
        service_id, owner_team_id, team_path,
        unnest(generate_series(first_date, last_date, interval 1 day))::date as exposure_date
    from spans -- without a noon between its ends a span has no day
),

placed as (
    select service_id, owner_team_id, exposure_date, unnest(team_path) as team_id from days
)

select
    team_id,
    exposure_date,
    count(*) as service_count,
    count_if(owner_team_id = team_id) as own_service_count
from placed
group by team_id, exposure_date
