-- Grain: one row per work item: issues of GitHub and Jira; pull requests, which one API lists among them, are none.
with timed as (
    select
        items.*,
        cycles.* exclude (work_item_id, record_ids, category),
        cycles.category as status_category,
        cycles.record_ids as cycle_record_ids,
        -- it belongs to whom it belonged to in the end, and before that to whom it was brought
        coalesce(cycles.done_at, items.created_at) as owned_at
    from {{ ref('int_work_items') }} as items
    left join {{ ref('int_issue_cycles') }} as cycles on cycles.work_item_id = items.work_item_id
)

select
    items.work_item_id as issue_id,
    items.source_kind,
    items.item_key as issue_key,
    items.service_id,
    {{ item_team_id() }} as team_id,
    {{ item_team_path() }} as team_path,
    reporting.organisation,
    items.project_key,
    items.repository,
    items.number,
    items.type_name as issue_type,
    items.kind,
    items.is_subtask,
    items.state,
    items.state_reason,
    items.is_incident,
    items.is_production_defect,
    items.is_deleted,
    not items.is_deleted and not items.is_subtask and items.kind <> 'epic' as is_counted,
    items.author_token,
    items.is_bot,
    items.status_name,
    items.status_category,
    items.created_at,
    {{ reporting_date('items.created_at') }} as created_date,
    items.closed_at,
    case when items.closed_at >= items.created_at then {{ seconds_between('items.created_at', 'items.closed_at') }} end
        as open_seconds,
    items.started_at,
    {{ reporting_date('items.started_at') }} as started_date,
    items.done_at,
    {{ reporting_date('items.done_at') }} as done_date,
    coalesce(items.is_done, false) as is_done,
    items.cycle_state,
    items.reopened_count,
    items.reopened_count > 0 as was_reopened,
    items.cycle_seconds,
    case
        when items.cycle_seconds is not null
            then {{ working_position('ending', 'items.done_at') }} - {{ working_position('beginning', 'items.started_at') }}
    end as cycle_business_seconds,
    items.cycle_active_seconds,
    items.cycle_waiting_seconds,
    items.cycle_done_seconds,
    items.cycle_unknown_seconds,
    items.cycle_active_seconds + items.cycle_waiting_seconds as cycle_counted_seconds,
    -- hundredths of a percent, rounded half up
    (20000 * items.cycle_active_seconds + items.cycle_active_seconds + items.cycle_waiting_seconds)
        // nullif(2 * (items.cycle_active_seconds + items.cycle_waiting_seconds), 0) as flow_efficiency_basis_points,
    items.to_do_seconds,
    items.in_progress_seconds,
    items.done_seconds,
    items.unknown_seconds,
    items.status_change_count,
    items.break_count as history_break_count,
    items.early_change_count + case when items.closed_at < items.created_at then 1 else 0 end as time_fault_count,
    list_sort(list_distinct(list_append(coalesce(items.cycle_record_ids, []), items.record_id))) as record_ids,
    cast([] as bigint[]) as context_record_ids,
    items.correction_leaf_indexes,
    len(items.correction_leaf_indexes) > 0 as is_corrected
from timed as items
cross join {{ ref('int_reporting') }} as reporting
{{ join_item_owners('items', 'items.owned_at') }}
{{ join_team_calendar(item_team_id(), 'items.owned_at') }}
{{ join_working_days('beginning', "coalesce(calendars.calendar_id, 'default')", 'items.started_at') }}
{{ join_working_days('ending', "coalesce(calendars.calendar_id, 'default')", 'items.done_at') }}
order by issue_id
