-- Grain: one row per production incident, however many tools tell of it. The tool that is believed first gives its times
-- and its severity; what any of them names, the incident names; it counts where any of them calls it bad enough. It begins
-- with the impact, where one of them says when.
with told as (
    select
        tellings.incident_id,
        tellings.telling_id,
        tellings.source_rank,
        placed.* exclude (incident_id, source_rank)
    from {{ ref('int_incident_tellings') }} as tellings
    inner join {{ ref('int_incident_timeline_placed') }} as placed on placed.incident_id = tellings.telling_id
),

-- a service that only another tool names is the incident's, unless that tool means another incident by it
added as (
    select services.incident_id, list(distinct services.added_service_id order by services.added_service_id) as service_ids
    from (select *, unnest(service_ids) as added_service_id from told where telling_id <> incident_id) as services
    left join {{ ref('int_incident_timeline_matched') }} as matched
        on matched.incident_id = services.telling_id and matched.service_id = services.added_service_id
    where coalesce(matched.same_as_incident_id, services.incident_id) = services.incident_id
    group by services.incident_id
),

joined as (
    select
        incident_id,
        list(telling_id order by source_rank, telling_id) as telling_ids,
        list(source_kind order by source_rank, telling_id) as source_kinds,
        list(repository order by source_rank, telling_id) filter (where repository is not null)[1] as repository,
        list(number order by source_rank, telling_id) filter (where repository is not null)[1] as number,
        list(severity order by source_rank, telling_id)
            filter (where severity <> 'unknown' or is_severity_configured)[1] as known_severity,
        bool_or(is_severity_configured) as is_severity_configured,
        list(impact_started_at order by source_rank, telling_id) filter (where impact_started_at is not null)[1]
            as impact_started_at,
        {%- for references in [
            'names', 'referenced_deployment_ids', 'mentioned_shas', 'mentioned_issues', 'referenced_tags',
            'mentioned_keys', 'cause_record_ids', 'correction_leaf_indexes',
        ] %}
        list_sort(list_distinct(flatten(list({{ references }} order by source_rank, telling_id)))) as {{ references }}
        {{- ',' if not loop.last }}
        {%- endfor %}
    from told
    group by incident_id
)

select
    counted.incident_id,
    counted.source_kind,
    counted.source,
    joined.repository,
    joined.number,
    counted.reference,
    joined.names,
    joined.telling_ids,
    list_sort(list_distinct(joined.source_kinds)) as source_kinds,
    list_concat(
        counted.service_ids,
        list_filter(coalesce(added.service_ids, []), lambda service_id: not list_contains(counted.service_ids, service_id))
    ) as service_ids,
    -- on GitHub the label itself
    case
        when counted.source_kind = 'github' then counted.severity_text
        when counted.severity = 'unknown' then coalesce(joined.known_severity, 'unknown')
        else counted.severity
    end as severity,
    joined.is_severity_configured,
    coalesce(joined.impact_started_at, counted.declared_at) as started_at,
    counted.declared_at,
    counted.resolved_at,
    joined.referenced_deployment_ids,
    joined.mentioned_shas,
    joined.mentioned_issues,
    joined.referenced_tags,
    joined.mentioned_keys,
    joined.cause_record_ids as record_ids,
    joined.correction_leaf_indexes
from joined
inner join {{ ref('int_incident_timeline_placed') }} as counted on counted.incident_id = joined.incident_id
left join added on added.incident_id = joined.incident_id
