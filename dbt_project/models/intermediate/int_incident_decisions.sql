-- Grain: one row per incident that somebody has decided about and deployment that it was decided for; without deployment
-- where it was decided that none caused it. A decision for a deployment that is no longer known does not count. What was
-- decided about an incident as one tool tells of it holds for the incident; the newest decision does.
with newest as (
    select tellings.incident_id, decided.disposition, decided.deployment_ids
    from {{ source('config', 'incident_dispositions') }} as decided
    inner join {{ ref('int_incident_tellings') }} as tellings on tellings.telling_id = decided.incident_id
    qualify row_number() over (
        partition by tellings.incident_id
        order by decided.leaf_index desc nulls last, tellings.source_rank, tellings.telling_id
    ) = 1
),

decisions as (
    select incident_id, disposition, unnest(deployment_ids) as part_id
    from newest
    where disposition = 'caused_by'
),

-- a deployment may have become a part of another one since
parts as (
    select part_id, deployment_id
    from {{ ref('int_deployment_parts') }}
    where deployment_id is not null
    union
    select service_part_id as part_id, deployment_id
    from {{ ref('int_deployment_parts') }}
    where deployment_id is not null
)

select distinct
    decisions.incident_id || ' ' || parts.deployment_id as decision_id,
    decisions.incident_id,
    decisions.disposition,
    parts.deployment_id
from decisions
inner join parts on parts.part_id = decisions.part_id
inner join {{ ref('int_deployments_classified') }} as deployments on deployments.deployment_id = parts.deployment_id
union all
select incident_id as decision_id, incident_id, disposition, cast(null as varchar) as deployment_id
from newest
where disposition = 'not_caused'
