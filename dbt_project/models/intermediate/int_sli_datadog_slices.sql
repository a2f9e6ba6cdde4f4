-- Grain: one row per objective over Datadog and slice: good and all events, or seconds that were up and seconds that are
-- known.
with histories as (
    select distinct
        signals.objective_id,
        objectives.slice_seconds,
        history.record_id,
        history.slo_type,
        history.read_until_at,
        from_json(history.slice_starts, '["VARCHAR"]') as slice_starts,
        from_json(history.good_counts, '["VARCHAR"]') as good_counts,
        from_json(history.total_counts, '["VARCHAR"]') as total_counts,
        from_json(history.state_changes, '[["VARCHAR"]]') as state_changes
    from {{ source('config', 'slo_signals') }} as signals
    inner join {{ source('config', 'slo_objectives') }} as objectives
        on objectives.objective_id = signals.objective_id
    inner join {{ ref('stg_datadog__slo_history') }} as history
        on history.source = signals.source and history.slo_id = signals.query_name
    where signals.source_kind = 'datadog'
),

points as (
    select
        objective_id,
        slice_seconds,
        record_id,
        unnest(slice_starts) as starts_text,
        unnest(good_counts) as good_text,
        unnest(total_counts) as total_text
    from histories
    where slo_type = 'metric'
),

changes as (
    select
        objective_id,
        slice_seconds,
        record_id,
        {{ epoch_seconds('read_until_at') }} as read_until,
        unnest(state_changes) as change
    from histories
    where slo_type <> 'metric'
),

states as (
    select
        objective_id,
        slice_seconds,
        record_id,
        change[2] as state,
        try_cast(change[1] as bigint) as begins,
        coalesce(
            lead(try_cast(change[1] as bigint)) over (
                partition by objective_id, record_id order by try_cast(change[1] as bigint)
            ),
            read_until
        ) as ends
    from changes
),

touched as (
    select *, unnest(range(begins // slice_seconds, (ends - 1) // slice_seconds + 1)) as slice_number
    from states
    where ends > begins and state in ('0', '1')
),

counted as (
    select
        objective_id,
        cast(cast(try_cast(starts_text as decimal(28, 3)) as bigint) // 1000 // slice_seconds as bigint) as slice_number,
        coalesce(try_cast(good_text as decimal(28, 9)), 0) as good_count,
        coalesce(try_cast(total_text as decimal(28, 9)), 0) as total_count,
        record_id
    from points
    where starts_text is not null
    union all
    select
        objective_id,
        slice_number,
        if(state = '0', 1, 0) * seconds as good_count,
        seconds as total_count,
        record_id
    from (
        select
            *,
            cast(
                least(ends, (slice_number + 1) * slice_seconds) - greatest(begins, slice_number * slice_seconds)
            as decimal(28, 9)) as seconds
        from touched
    ) as measured
)

select
    objective_id,
    slice_number,
    {{ sum_of_counts('good_count') }} as good_count,
    {{ sum_of_counts('total_count') }} as total_count,
    count(*) as point_count,
    list_sort(list_distinct(list(record_id))) as record_ids
from counted
group by objective_id, slice_number
