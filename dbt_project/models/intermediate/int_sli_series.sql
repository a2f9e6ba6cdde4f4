-- Grain: one row per objective, metric of its indicator, and Prometheus series that the metric selects.
with series as (
    select distinct source, query_name, series_labels
    from {{ ref('stg_prometheus__range_samples') }}
),

labelled as (
    select
        signals.objective_id,
        signals.signal_role,
        signals.matcher_count,
        series.source,
        series.query_name,
        series.series_labels,
        matchers.operator,
        matchers.label_value,
        coalesce(series.series_labels ->> ('$."' || matchers.label || '"'), '') as found_value
    from {{ source('config', 'slo_signals') }} as signals
    inner join series on series.source = signals.source and series.query_name = signals.query_name
    left join {{ source('config', 'slo_matchers') }} as matchers
        on matchers.objective_id = signals.objective_id and matchers.signal_role = signals.signal_role
    where signals.source_kind = 'prometheus'
),

selected as (
    select objective_id, signal_role, source, query_name, series_labels
    from labelled
    group by objective_id, signal_role, source, query_name, series_labels
    having count(*) filter (
        where case operator
            when '=' then found_value = label_value
            when '!=' then found_value <> label_value
            when '=~' then regexp_full_match(found_value, label_value)
            when '!~' then not regexp_full_match(found_value, label_value)
        end
    ) = max(matcher_count)
)

select
    objective_id,
    signal_role,
    source,
    query_name,
    series_labels,
    dense_rank() over (order by source, query_name, series_labels) as series_number
from selected
