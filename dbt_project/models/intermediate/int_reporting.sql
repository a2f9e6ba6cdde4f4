-- Grain: one row: organisation, reporting time zone and the range that the data covers, [from, until).
with events as (
    select min(finished_at) as first_at, max(finished_at) as last_at
    from {{ ref('int_deployments_rolled_out') }}
)

select
    reporting.organisation,
    coalesce(reporting.time_zone, 'UTC') as time_zone,
    coalesce(reporting.coverage_from, events.first_at) as coverage_from,
    coalesce(reporting.coverage_until, events.last_at) as coverage_until
from {{ source('config', 'reporting') }} as reporting
cross join events
