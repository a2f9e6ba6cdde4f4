-- Grain: one row per objective with data: the slices from its first measurement to the last slice that its sources
-- cover whole, inside the reported range; where there is none, the last comes before the first.
with prometheus_reach as (
    select 'prometheus' as source_kind, source, max(sampled_at) as reaches_until
    from {{ ref('stg_prometheus__range_samples') }}
    group by source
),

query_starts as (
    select source, query_name, min(sampled_at) as first_sampled_at
    from {{ ref('stg_prometheus__range_samples') }}
    group by source, query_name
),

datadog_reach as (
    select source, slo_id, max(read_until_at) as reaches_until
    from {{ ref('stg_datadog__slo_history') }}
    group by source, slo_id
),

reaches as (
    select
        signals.objective_id,
        min(coalesce(prometheus_reach.reaches_until, datadog_reach.reaches_until)) as reaches_until,
        max(query_starts.first_sampled_at) filter (where signals.signal_role in ('good', 'bad')) as numerator_read_from,
        bool_or(signals.signal_role = 'bad') as is_bad_counted
    from {{ source('config', 'slo_signals') }} as signals
    left join prometheus_reach
        on prometheus_reach.source = signals.source and prometheus_reach.source_kind = signals.source_kind
    left join query_starts on query_starts.source = signals.source and query_starts.query_name = signals.query_name
    left join datadog_reach
        on datadog_reach.source = signals.source and datadog_reach.slo_id = signals.query_name
    group by signals.objective_id
),

measured as (
    select
        objective_id,
        min(slice_number) filter (where signal_role not in ('good', 'bad')) as first_slice,
        min(slice_number) filter (where signal_role in ('good', 'bad')) as first_numerator_slice
    from {{ ref('int_sli_amounts') }}
    where usable_count + empty_count > 0
    group by objective_id
),

extents as (
    select
        measured.objective_id,
        objectives.slice_seconds,
        greatest(
            measured.first_slice,
            coalesce({{ slice_from('reporting.coverage_from', 'objectives.slice_seconds') }}, measured.first_slice)
        ) as first_slice,
        {{ epoch_seconds('least(reaches.reaches_until, reporting.coverage_until)') }} // objectives.slice_seconds - 1
            as last_slice,
        measured.first_numerator_slice,
        {{ epoch_seconds('reaches.numerator_read_from') }} // objectives.slice_seconds as numerator_read_slice,
        reaches.is_bad_counted
    from measured
    inner join {{ source('config', 'slo_objectives') }} as objectives
        on objectives.objective_id = measured.objective_id
    inner join reaches on reaches.objective_id = measured.objective_id
    cross join {{ source('config', 'reporting') }} as reporting
    where measured.first_slice is not null
)

select
    *,
    {{ slice_start('first_slice', 'slice_seconds') }} as starts_at,
    {{ slice_start('(last_slice + 1)', 'slice_seconds') }} as ends_at
from extents
