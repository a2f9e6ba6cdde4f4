-- Grain: one row per production incident of any source, however many tools tell of it.
with links as (
    select
        incident_id,
        min(link_strength) as link_strength, -- an incident's links are all explicit or all by rule
        min(rule) as link_rule,
        list(deployment_id order by deployment_id) as deployment_ids,
        list_sort(list_distinct(flatten(list(record_ids order by record_ids)))) as record_ids
    from {{ ref('int_incident_links') }}
    group by incident_id
),

decisions as (
    select incident_id, min(disposition) as disposition -- an incident has one decision, for one or more deployments
    from {{ ref('int_incident_decisions') }}
    group by incident_id
),

owning as (
    select
        services.incident_id,
        list_sort(list_distinct(flatten(list(owners.team_path order by services.service_id)))) as team_ids
    from (
        select incident_id, started_at, unnest(service_ids) as service_id
        from {{ ref('int_incidents') }}
    ) as services
    {{ join_owners('services.service_id', 'services.started_at') }}
    where owners.team_id is not null
    group by services.incident_id
)

select
    incidents.incident_id,
    incidents.reference,
    incidents.source_kind,
    incidents.source,
    incidents.source_kinds,
    incidents.telling_ids,
    incidents.service_ids[1] as service_id,
    incidents.service_ids,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    coalesce(owning.team_ids, []) as owning_team_ids,
    reporting.organisation,
    incidents.repository,
    incidents.number,
    incidents.severity,
    incidents.is_severity_configured,
    incidents.started_at,
    {{ reporting_date('incidents.started_at') }} as started_date,
    incidents.declared_at,
    incidents.resolved_at,
    {{ seconds_between('incidents.started_at', 'incidents.resolved_at') }} as duration_seconds,
    incidents.resolved_at is null as is_open,
    coalesce(links.link_strength, 'none') as link_strength,
    links.link_rule,
    case
        when decisions.disposition = 'not_caused' then 'not_caused_by_deployment'
        when links.link_strength = 'explicit' then 'caused_by_deployment'
        else 'unknown'
    end as disposition,
    case
        when decisions.incident_id is not null then 'decision'
        when links.link_strength = 'explicit' then 'reference'
        else 'none'
    end as disposition_basis,
    coalesce(links.deployment_ids, []) as deployment_ids,
    list_sort(list_distinct(list_concat(incidents.record_ids, coalesce(links.record_ids, [])))) as record_ids,
    cast([] as bigint[]) as context_record_ids,
    incidents.correction_leaf_indexes,
    len(incidents.correction_leaf_indexes) > 0 as is_corrected
from {{ ref('int_incidents') }} as incidents
cross join {{ ref('int_reporting') }} as reporting
left join links on links.incident_id = incidents.incident_id
left join decisions on decisions.incident_id = incidents.incident_id
left join owning on owning.incident_id = incidents.incident_id
{{ join_owners('incidents.service_ids[1]', 'incidents.started_at') }}
order by incidents.incident_id
