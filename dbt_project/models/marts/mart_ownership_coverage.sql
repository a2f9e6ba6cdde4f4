-- Grain: one row per fact, month and service (without service where the events have none): how many had an owner then.
select
    fact,
    cast(date_trunc('month', event_date) as date) as month_date,
    service_id,
    organisation,
    count(*) as event_count,
    count(team_id) as owned_event_count,
    count(*) - count(team_id) as unowned_event_count,
    cast(
        cast(count(team_id) * 1000000 // count(*) as decimal(18, 0)) * cast(0.000001 as decimal(7, 6))
        as decimal(9, 6)
    ) as owned_ratio,
    count(distinct team_id) as owner_count,
    max(event_at) filter (where team_id is null) as last_unowned_at
from {{ ref('int_service_owner_events') }}
group by fact, month_date, service_id, organisation
order by fact, month_date, service_id, organisation
