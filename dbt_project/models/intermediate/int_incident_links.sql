-- Grain: one row per incident and deployment that it is linked to, with the strength and the rule. DEFINITIONS §2.6.
-- What a person decided stands above what is named, and what is named above the rule of the nearest deployment.
with deployments as (
    select * from {{ ref('int_deployments_classified') }}
),

decided_links as (
    select
        decisions.incident_id,
        decisions.deployment_id,
        'explicit' as link_strength,
        'decided' as rule,
        incidents.record_ids
    from {{ ref('int_incident_decisions') }} as decisions
    inner join {{ ref('int_incidents') }} as incidents on incidents.incident_id = decisions.incident_id
    where decisions.deployment_id is not null
),

undecided as (
    select *
    from {{ ref('int_incidents') }}
    where incident_id not in (select incident_id from {{ ref('int_incident_decisions') }})
),

named as (
    select
        incidents.incident_id,
        refs.deployment_id,
        refs.rule,
        refs.precedence,
        refs.record_ids
    from {{ ref('int_incident_references') }} as refs
    inner join undecided as incidents on incidents.incident_id = refs.incident_id
    inner join deployments on deployments.deployment_id = refs.deployment_id
    -- what was rolled out after the incident began did not cause it
    where deployments.started_at <= incidents.started_at
    -- one name can mean deployments of several services: the incident's own service comes first
    qualify
        list_contains(incidents.service_ids, deployments.service_id)
        or not bool_or(list_contains(incidents.service_ids, deployments.service_id)) over (
            partition by incidents.incident_id, refs.rule, refs.named
        )
),

explicit_links as (
    select
        incident_id,
        deployment_id,
        'explicit' as link_strength,
        min(rule) as rule,
        list_sort(list_distinct(flatten(list(record_ids order by record_ids)))) as record_ids
    from (
        select *
        from named
        qualify precedence = min(precedence) over (partition by incident_id)
    ) as believed
    group by incident_id, deployment_id
),

rule_links as (
    select
        incidents.incident_id,
        deployments.deployment_id,
        'rule' as link_strength,
        'nearest_within_window' as rule,
        incidents.record_ids
    from (select *, unnest(service_ids) as service_id from undecided) as incidents
    cross join {{ source('config', 'rules') }} as rules
    inner join deployments
        on deployments.service_id = incidents.service_id
        and deployments.finished_at <= incidents.started_at
        and deployments.finished_at >= incidents.started_at - rules.incident_link_hours * interval 1 hour
    where incidents.incident_id not in (select incident_id from explicit_links)
    qualify row_number() over (
        partition by incidents.incident_id, incidents.service_id
        order by deployments.finished_at desc, deployments.deployment_id desc
    ) = 1
)

select incident_id, deployment_id, link_strength, rule, record_ids from decided_links
union all
select incident_id, deployment_id, link_strength, rule, record_ids from explicit_links
union all
select incident_id, deployment_id, link_strength, rule, record_ids from rule_links
