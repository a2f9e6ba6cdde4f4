-- Grain: one row per incident and person who was notified of it, at the first notification. Marts name nobody.
with pages as (
    select
        source,
        incident_id,
        notified_user_token,
        min(created_at) as paged_at,
        list(record_id order by record_id) as record_ids
    from {{ ref('stg_pagerduty__log_entries') }}
    where entry_type = 'notify_log_entry' and created_at is not null
    group by source, incident_id, notified_user_token
)

select
    'pagerduty:' || pages.source || ':incident:' || pages.incident_id as incident_id,
    pages.source,
    pages.notified_user_token,
    incidents.escalation_policy_id,
    timeline.service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    pages.paged_at,
    opened.ends_at is null or pages.paged_at >= opened.ends_at as is_out_of_hours,
    pages.record_ids
from pages
left join {{ ref('stg_pagerduty__incidents') }} as incidents
    on incidents.source = pages.source and incidents.incident_id = pages.incident_id
left join {{ ref('int_incident_timeline') }} as timeline
    on timeline.incident_id = 'pagerduty:' || pages.source || ':incident:' || pages.incident_id
{{ join_owners('timeline.service_id', 'pages.paged_at') }}
{{ join_team_calendar('owners.team_id', 'pages.paged_at') }}
{{ join_working_hours('opened', "coalesce(calendars.calendar_id, 'default')", 'pages.paged_at') }}
