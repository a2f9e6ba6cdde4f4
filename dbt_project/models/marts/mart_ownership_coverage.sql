-- Grain: one row per fact, month and service (without service where the events have none): how many had an owner then.
with counted as (
    select
        fact,
        cast(date_trunc('month', event_date) as date) as month_date,
        service_id,
        organisation,
        cast(list_sum(list(event_count order by event_date, team_id, repository)) as bigint) as event_count,
        cast(coalesce(list_sum(
            list(event_count order by event_date, team_id, repository) filter (where team_id is not null)
        ), 0) as bigint) as owned_event_count,
        count(distinct team_id) as owner_count,
        max(last_event_at) filter (where team_id is null) as last_unowned_at
    from {{ ref('int_service_owner_events') }}
    group by fact, month_date, service_id, organisation
)

select
    fact,
    month_date,
    service_id,
    organisation,
    event_count,
    owned_event_count,
    event_count - owned_event_count as unowned_event_count,
    cast(
        cast(owned_event_count * 1000000 // event_count as decimal(18, 0)) * cast(0.000001 as decimal(7, 6))
        as decimal(9, 6)
    ) as owned_ratio,
    owner_count,
    last_unowned_at
from counted
order by fact, month_date, service_id, organisation
