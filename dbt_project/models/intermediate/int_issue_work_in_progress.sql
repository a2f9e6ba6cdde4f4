-- Grain: one row per week and work item that was in progress at its end (or where the covered range ends, if earlier),
-- with its age since it was first in progress and the team that it belonged to then.
with reporting as (
    select * from {{ ref('int_reporting') }}
),

weeks as (
    select periods.period_start, least(periods.ends_at, reporting.coverage_until) as as_of_at
    from {{ ref('int_reporting_periods') }} as periods
    cross join reporting
    where periods.period_grain = 'week'
),

spans as (
    select
        spans.work_item_id,
        spans.is_waiting,
        spans.started_at,
        spans.ended_at,
        spans.record_ids,
        unnest(generate_series(
            date_trunc('week', {{ reporting_date('spans.started_at') }}),
            date_trunc('week', {{ reporting_date('coalesce(spans.ended_at, reporting.coverage_until)') }}),
            interval 7 days
        )) as week_start
    from {{ ref('int_issue_status_spans') }} as spans
    cross join reporting
    where spans.category = 'in_progress'
)

select
    spans.work_item_id,
    weeks.period_start,
    weeks.as_of_at,
    spans.is_waiting,
    {{ elapsed_seconds('cycles.started_at', 'weeks.as_of_at') }} as age_seconds,
    items.service_id,
    {{ item_team_id() }} as team_id,
    {{ item_team_path() }} as team_path,
    spans.record_ids
from spans
inner join weeks on weeks.period_start = cast(spans.week_start as date)
inner join {{ ref('int_work_items') }} as items on items.work_item_id = spans.work_item_id
inner join {{ ref('int_issue_cycles') }} as cycles on cycles.work_item_id = spans.work_item_id
{{ join_item_owners('items', 'weeks.as_of_at') }}
where weeks.as_of_at >= spans.started_at
    and weeks.as_of_at < coalesce(spans.ended_at, {{ end_of_time() }})
    and not items.is_deleted
    and not items.is_subtask
    and items.kind <> 'epic'
