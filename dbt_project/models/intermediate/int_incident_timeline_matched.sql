-- Grain: one row per incident as reported and service of it for which a tool that is believed first tells of the same
-- incident: declared within the configured minutes, and before the other one was over. What it is the same as is the one
-- that counts.
with services as (
    select
        incident_id, source_rank, declared_at,
        -- a fault of the data ends nothing before it was declared
        coalesce(case when told_resolved_at < declared_at then declared_at else told_resolved_at end, timestamptz '9999-01-01 00:00:00+00')
            as over_at,
        unnest(service_ids) as matched_service_id
    from {{ ref('int_incident_timeline_placed') }}
),

matches as (
    select
        incidents.incident_id,
        incidents.matched_service_id as service_id,
        others.incident_id as other_incident_id,
        others.source_rank,
        abs(epoch_us(others.declared_at) - epoch_us(incidents.declared_at)) as distance
    from services as incidents
    cross join {{ source('config', 'flow_rules') }} as rules
    inner join services as others
        on others.matched_service_id = incidents.matched_service_id
        and others.source_rank < incidents.source_rank
        and others.declared_at >= incidents.declared_at - rules.same_incident_minutes * interval 1 minute
        and others.declared_at <= incidents.declared_at + rules.same_incident_minutes * interval 1 minute
        and others.declared_at <= incidents.over_at
        and incidents.declared_at <= others.over_at
    qualify row_number() over (
        partition by incidents.incident_id, incidents.matched_service_id
        order by others.source_rank, distance, others.incident_id
    ) = 1
),

roots_0 as (
    select incident_id, other_incident_id as root_incident_id
    from matches
    qualify row_number() over (
        partition by incident_id order by source_rank, distance, service_id, other_incident_id
    ) = 1
),

-- what is the same as one that is itself the same as a third is the same as the third; ranks fall with each step, so
-- that three doublings reach the end
{% for step in range(1, 4) %}
roots_{{ step }} as (
    select
        roots.incident_id,
        coalesce(following.root_incident_id, roots.root_incident_id) as root_incident_id
    from roots_{{ step - 1 }} as roots
    left join roots_{{ step - 1 }} as following on following.incident_id = roots.root_incident_id
){{ ',' if not loop.last }}
{% endfor %}

select
    matches.incident_id,
    matches.service_id,
    coalesce(roots_3.root_incident_id, matches.other_incident_id) as same_as_incident_id,
    matches.source_rank,
    matches.distance
from matches
left join roots_3 on roots_3.incident_id = matches.other_incident_id
