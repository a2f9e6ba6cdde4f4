-- Grain: one row per objective, metric of its indicator, and slice that it has samples in. A sample speaks for the step
-- that ends with it: a counter grew since the last sample, or started anew where it fell.
with samples as (
    select
        series.objective_id,
        series.signal_role,
        objectives.indicator_kind,
        objectives.is_counter,
        objectives.is_failure_ratio,
        objectives.threshold_operator,
        cast(objectives.threshold_value as double) as threshold,
        ({{ epoch_seconds('samples.sampled_at') }} - samples.step_seconds) // objectives.slice_seconds as slice_number,
        samples.*
    from {{ ref('int_sli_series') }} as series
    inner join {{ source('config', 'slo_objectives') }} as objectives
        on objectives.objective_id = series.objective_id
    inner join {{ ref('int_sli_samples') }} as samples on samples.series_number = series.series_number
),

amounts as (
    select
        objective_id,
        signal_role,
        slice_number,
        cast(case
            when indicator_kind = 'ratio' and is_counter
                then case when value >= previous_value then value - previous_value when value < previous_value then value end
            when indicator_kind = 'ratio' then if(value >= 0, value, null)
            when indicator_kind = 'raw' and value between 0 and 1 then if(is_failure_ratio, 1 - value, value)
            when indicator_kind = 'threshold' and not is_empty and measured_value is not null
                then if(
                    case threshold_operator
                        when 'lte' then measured_value <= threshold
                        when 'lt' then measured_value < threshold
                        when 'gte' then measured_value >= threshold
                        when 'gt' then measured_value > threshold
                    end,
                    1, 0
                )
        end as decimal(28, 9)) as amount,
        indicator_kind <> 'ratio' and is_empty as is_empty,
        is_counter and value is not null and previous_value is null as is_beginning,
        is_counter and previous_sampled_at < sampled_at - step_seconds * interval 1 second as is_over_gap,
        sampled_at,
        record_id,
        if(is_counter, previous_record_id, null) as previous_record_id
    from samples
)

select
    objective_id,
    signal_role,
    slice_number,
    {{ sum_of_counts('amount') }} as amount,
    count(amount) as usable_count,
    count(*) filter (where is_empty) as empty_count,
    count(*) filter (where amount is null and not is_empty and not is_beginning) as unusable_count,
    coalesce({{ sum_of_counts('amount') }} filter (where is_over_gap), 0) as over_gap_amount,
    list_sort(list_distinct(
        flatten(list([record_id, previous_record_id] order by sampled_at, record_id, previous_record_id))
    )) as record_ids
from amounts
group by objective_id, signal_role, slice_number
union all
select
    slices.objective_id,
    signals.signal_role,
    slices.slice_number,
    case signals.signal_role
        when 'good' then slices.good_count
        when 'total' then slices.total_count
        when 'bad' then slices.total_count - slices.good_count
        when 'raw' then if(
            objectives.is_failure_ratio,
            1 - {{ exact_share('slices.good_count', 'slices.total_count') }},
            {{ exact_share('slices.good_count', 'slices.total_count') }}
        )
        when 'threshold' then if(
            case objectives.threshold_operator
                when 'lte' then slices.good_count <= objectives.threshold_value * slices.total_count
                when 'lt' then slices.good_count < objectives.threshold_value * slices.total_count
                when 'gte' then slices.good_count >= objectives.threshold_value * slices.total_count
                when 'gt' then slices.good_count > objectives.threshold_value * slices.total_count
            end,
            1, 0
        )
    end as amount,
    if(objectives.indicator_kind = 'ratio' or slices.total_count > 0, 1, 0) as usable_count,
    if(objectives.indicator_kind <> 'ratio' and slices.total_count = 0, 1, 0) as empty_count,
    0 as unusable_count,
    0 as over_gap_amount,
    slices.record_ids
from {{ ref('int_sli_datadog_slices') }} as slices
inner join {{ source('config', 'slo_objectives') }} as objectives on objectives.objective_id = slices.objective_id
inner join {{ source('config', 'slo_signals') }} as signals
    on signals.objective_id = slices.objective_id and signals.source_kind = 'datadog'
