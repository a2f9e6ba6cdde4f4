-- Grain: one row per issue; pull requests, which the API lists among them, are none.
select
    'github:' || issues.source || ':issue:' || issues.issue_id as issue_id,
    coalesce(incidents.service_ids[1], services.service_id) as service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    reporting.organisation,
    issues.repository,
    issues.number,
    issues.state,
    issues.state_reason,
    incidents.incident_id is not null as is_incident,
    len(list_filter(
        coalesce(issues.labels, []), lambda label: regexp_matches(label, rules.defect_label_pattern)
    )) > 0 as is_production_defect,
    issues.author_token,
    coalesce(issues.is_author_bot, false) as is_bot,
    issues.created_at,
    {{ reporting_date('issues.created_at') }} as created_date,
    issues.closed_at,
    {{ seconds_between('issues.created_at', 'issues.closed_at') }} as open_seconds,
    [issues.record_id] as record_ids,
    cast([] as bigint[]) as context_record_ids
from {{ ref('stg_github__issues') }} as issues
cross join {{ ref('int_reporting') }} as reporting
cross join {{ source('config', 'rules') }} as rules
left join {{ ref('int_incidents') }} as incidents
    on incidents.incident_id = 'github:' || issues.source || ':issue:' || issues.issue_id
left join {{ ref('int_repository_services') }} as services on services.repository = issues.repository
{{ join_owners('coalesce(incidents.service_ids[1], services.service_id)', 'issues.created_at') }}
where not coalesce(issues.is_pull_request, false)
order by issue_id
