-- Grain: one row per incident and board: each service is the board of its incidents.
with boards as (
    select
        *,
        unnest(case when len(service_ids) > 0 then service_ids else ['(none)'] end) as board_id
    from {{ ref('int_incidents') }}
)

select
    incident_id as id,
    'boards' as "table",
    board_id as scope_id,
    declared_at as created_date,
    resolved_at as resolution_date
from boards
