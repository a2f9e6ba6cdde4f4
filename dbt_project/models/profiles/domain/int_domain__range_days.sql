-- Grain: one row per range and day of its time zone that it touches, with the Monday and the Sunday that begin its week.
with days as (
    select
        *,
        cast(unnest(generate_series(
            cast(cast((from_at at time zone time_zone) as date) as timestamp),
            cast(cast(((until_at - interval 1 microsecond) at time zone time_zone) as date) as timestamp),
            interval 1 day
        )) as date) as range_date
    from {{ ref('int_domain__ranges') }}
    where from_at < until_at
)

select
    range_id,
    time_zone,
    from_at,
    until_at,
    range_date,
    range_date - cast(isodow(range_date) - 1 as integer) as monday,
    range_date - cast(dayofweek(range_date) as integer) as sunday
from days
