-- Grain: one row per incident that counts and incident as reported that tells of it. One report can tell of several: an
-- issue that names two services, each of which somebody was paged for.
with matched as (
    select * from {{ ref('int_incident_timeline_matched') }}
)

select distinct
    coalesce(matched.same_as_incident_id, placed.incident_id) as incident_id,
    placed.incident_id as telling_id,
    placed.source_rank
from {{ ref('int_incident_timeline_placed') }} as placed
left join matched on matched.incident_id = placed.incident_id
