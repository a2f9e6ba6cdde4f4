-- Grain: one row per work item and span of time in one status, from its creation on.
select
    spans.work_item_id || ':' || spans.span_number as span_id,
    spans.work_item_id as issue_id,
    spans.span_number,
    items.service_id,
    {{ item_team_id() }} as team_id,
    {{ item_team_path() }} as team_path,
    reporting.organisation,
    items.source_kind,
    items.project_key,
    items.kind,
    spans.status_id,
    spans.status_name,
    spans.category,
    spans.is_waiting,
    spans.started_at,
    {{ reporting_date('spans.started_at') }} as started_date,
    spans.ended_at,
    spans.is_current,
    spans.duration_seconds,
    {{ working_position('ending', 'spans.ended_at') }} - {{ working_position('beginning', 'spans.started_at') }}
        as business_seconds,
    spans.has_break,
    spans.is_early,
    items.is_deleted,
    spans.record_ids,
    cast([] as bigint[]) as context_record_ids
from {{ ref('int_issue_status_spans') }} as spans
inner join {{ ref('int_work_items') }} as items on items.work_item_id = spans.work_item_id
cross join {{ ref('int_reporting') }} as reporting
{{ join_item_owners('items', 'spans.started_at') }}
{{ join_team_calendar(item_team_id(), 'spans.started_at') }}
{{ join_working_days('beginning', "coalesce(calendars.calendar_id, 'default')", 'spans.started_at') }}
{{ join_working_days('ending', "coalesce(calendars.calendar_id, 'default')", 'spans.ended_at') }}
order by span_id
