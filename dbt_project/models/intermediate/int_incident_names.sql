-- Grain: one row per incident and name by which what mends it may call it: an issue, a key, a page.
select distinct incident_id, unnest(names) as name
from {{ ref('int_incidents') }}
