-- Grain: one row per work item: when work on it began and ended, and where the time between went. A cycle lasts from the
-- first time in progress to the last time that it was done, what came after a reopening included. DEFINITIONS §5.
with spans as (
    select * from {{ ref('int_issue_status_spans') }}
),

ends as (
    select
        work_item_id,
        min(started_at) filter (where category = 'in_progress') as started_at,
        -- the last run of spans that are done, if the item is done now
        max(started_at) filter (where category = 'done' and previous_category is distinct from 'done')
            as last_done_at,
        bool_or(is_current and category = 'done') as is_done,
        bool_or(is_current and category = 'in_progress') as is_in_progress,
        count(*) filter (where previous_category = 'done' and category in ('to_do', 'in_progress'))
            as reopened_count,
        count(*) filter (where has_break) as break_count,
        count(*) filter (where is_early) as early_change_count,
        count(*) - 1 as status_change_count,
        max(status_name) filter (where is_current) as status_name, -- one span of an item is
        max(category) filter (where is_current) as category,
        list_sort(list_distinct(flatten(list(record_ids order by span_number)))) as record_ids
    from spans
    group by work_item_id
),

parts as (
    select
        spans.work_item_id,
        spans.category,
        spans.duration_seconds,
        case
            when spans.started_at < ends.started_at or spans.started_at >= ends.last_done_at or not ends.is_done
                then null
            when spans.category = 'in_progress' and not spans.is_waiting then 'active'
            when spans.category in ('in_progress', 'to_do') then 'waiting'
            when spans.category = 'done' then 'done'
            else 'unknown'
        end as part
    from spans
    inner join ends on ends.work_item_id = spans.work_item_id
    where spans.duration_seconds is not null
),

measured as (
    select
        work_item_id,
        {%- for category in ['to_do', 'in_progress', 'done', 'unknown'] %}
        case when category = '{{ category }}' then duration_seconds else 0 end as {{ category }}_part,
        {%- endfor %}
        {%- for part in ['active', 'waiting', 'done', 'unknown'] %}
        case when part = '{{ part }}' then duration_seconds else 0 end as cycle_{{ part }}_part
        {{- ',' if not loop.last }}
        {%- endfor %}
    from parts
),

added as (
    select
        work_item_id,
        {%- for column in [
            'to_do', 'in_progress', 'done', 'unknown', 'cycle_active', 'cycle_waiting', 'cycle_done', 'cycle_unknown',
        ] %}
        {{ whole_sum(column ~ '_part') }} as {{ column }}_seconds{{ ',' if not loop.last }}
        {%- endfor %}
    from measured
    group by work_item_id
)

select
    ends.work_item_id,
    ends.status_name,
    ends.category,
    ends.started_at,
    case when ends.is_done then ends.last_done_at end as done_at,
    ends.is_done,
    ends.is_in_progress,
    ends.reopened_count,
    ends.status_change_count,
    ends.break_count,
    ends.early_change_count,
    case
        when not ends.is_done then 'open'
        when ends.started_at is null then 'never_in_progress'
        else 'done'
    end as cycle_state,
    case
        when ends.is_done and ends.started_at is not null
            then {{ elapsed_seconds('ends.started_at', 'ends.last_done_at') }}
    end as cycle_seconds,
    coalesce(added.to_do_seconds, 0) as to_do_seconds,
    coalesce(added.in_progress_seconds, 0) as in_progress_seconds,
    coalesce(added.done_seconds, 0) as done_seconds,
    coalesce(added.unknown_seconds, 0) as unknown_seconds,
    {%- for part in ['active', 'waiting', 'done', 'unknown'] %}
    case when ends.is_done and ends.started_at is not null then coalesce(added.cycle_{{ part }}_seconds, 0) end
        as cycle_{{ part }}_seconds,
    {%- endfor %}
    ends.record_ids
from ends
left join added on added.work_item_id = ends.work_item_id
