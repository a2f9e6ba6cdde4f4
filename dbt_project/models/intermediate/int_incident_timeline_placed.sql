-- Grain: one row per incident of any source as it was reported, with the services and the severity that its words mean.
-- What a correction in force says of it holds, whatever the tool says; whether two tools tell of one incident is told by
-- what they say themselves.
with reported as (
    select
        told.* replace (
            {{ corrected('started_at', 'told.impact_started_at') }} as impact_started_at,
            {{ corrected('resolved_at', 'told.resolved_at') }} as resolved_at,
            {{ corrected('severity', 'told.severity_text') }} as severity_text,
            -- whether the right word counts is for the rules to say again
            case when not coalesce(corrections.has_corrected_severity, false) then told.is_severity_configured end
                as is_severity_configured
        ),
        told.resolved_at as told_resolved_at,
        coalesce(corrections.leaf_indexes, []) as correction_leaf_indexes
    from {{ ref('int_incident_timeline_reported') }} as told
    {{ join_corrections('incident', 'told.incident_id') }}
),

called as (
    select incident_id, unnest(service_names) as service_name
    from reported
),

named_services as (
    select
        called.incident_id,
        list(distinct services.service_id order by services.service_id) as service_ids
    from called
    inner join {{ ref('int_service_names') }} as services on services.service_name = lower(called.service_name)
    group by called.incident_id
),

levels as (
    select list({
        'severity': severity, 'severity_pattern': severity_pattern
    } order by position) as levels
    from {{ source('config', 'severity_levels') }}
),

texts as (
    select distinct severity_text
    from reported
    where severity_text is not null
),

severities as (
    select
        texts.severity_text,
        list_filter(
            coalesce(levels.levels, []), lambda level: regexp_matches(texts.severity_text, level.severity_pattern)
        )[1].severity as severity
    from texts
    cross join levels
),

placed as (
    select
        reported.* replace (
            list_concat(
                reported.service_ids,
                list_filter(
                    coalesce(named_services.service_ids, []),
                    lambda service_id: not list_contains(reported.service_ids, service_id)
                )
            ) as service_ids
        ),
        coalesce(severities.severity, 'unknown') as severity
    from reported
    left join named_services on named_services.incident_id = reported.incident_id
    left join severities on severities.severity_text = reported.severity_text
    where reported.declared_at is not null
)

select
    placed.* replace (
        -- labels of GitHub are held against the pattern themselves; other words, or the severity that they mean
        coalesce(
            placed.is_severity_configured,
            rules.incident_severity_pattern is null
            or regexp_matches(placed.severity, rules.incident_severity_pattern)
            or coalesce(regexp_matches(placed.severity_text, rules.incident_severity_pattern), false)
        ) as is_severity_configured
    ),
    placed.service_ids[1] as service_id
from placed
cross join {{ source('config', 'rules') }} as rules
