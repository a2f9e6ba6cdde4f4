-- Grain: one row per work item and span of time in one status, from its creation on; the last span is open.
-- Spans tile the item's life: each begins where the one before ends. A change that claims to be older than its item
-- takes effect with the creation. Seconds are differences of instants cut to whole seconds, so that they add up.
with changes as (
    select
        changes.*,
        items.created_at,
        items.status_id as current_status_id,
        greatest(changes.changed_at, items.created_at) as started_at,
        changes.changed_at < items.created_at as is_early,
        items.record_id as item_record_id
    from {{ ref('int_issue_status_changes') }} as changes
    inner join {{ ref('int_work_items_collected') }} as items on items.work_item_id = changes.work_item_id
    where items.created_at is not null
),

spans as (
    select
        *,
        lead(started_at) over so_on as ended_at,
        lead(from_status_id) over so_on as left_status_id,
        lead(record_id) over so_on as end_record_id,
        lag(category) over so_on as previous_category
    from changes
    window so_on as (partition by work_item_id order by change_number)
)

select
    work_item_id,
    change_number + 1 as span_number,
    status_id,
    status_name,
    category,
    is_waiting,
    previous_category,
    started_at,
    ended_at,
    ended_at is null as is_current,
    {{ elapsed_seconds('started_at', 'ended_at') }} as duration_seconds,
    is_early,
    -- what came after did not begin from this status: a part of the history is missing
    case when ended_at is null then current_status_id else left_status_id end is distinct from status_id as has_break,
    {{ ordered_ids(['item_record_id', 'record_id', 'end_record_id']) }} as record_ids
from spans
