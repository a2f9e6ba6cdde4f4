-- Grain: one row per sample of a Prometheus series that an objective is measured by. The one place where the text of a
-- sample becomes an exact number.
with series as (
    select distinct series_number, source, query_name, series_labels
    from {{ ref('int_sli_series') }}
),

samples as (
    select
        series.series_number,
        samples.sampled_at,
        samples.step_seconds,
        {{ exact_amount('samples.value_text') }} as value,
        samples.value as measured_value,
        samples.value_text = 'NaN' as is_empty,
        samples.record_id
    from {{ ref('stg_prometheus__range_samples') }} as samples
    inner join series
        on series.source = samples.source
        and series.query_name = samples.query_name
        and series.series_labels = samples.series_labels
)

select
    series_number,
    sampled_at,
    step_seconds,
    value,
    measured_value,
    is_empty,
    record_id,
    lag(value ignore nulls) over earlier as previous_value,
    lag(if(value is null, null, sampled_at) ignore nulls) over earlier as previous_sampled_at,
    lag(if(value is null, null, record_id) ignore nulls) over earlier as previous_record_id
from samples
window earlier as (partition by series_number order by sampled_at)
