-- One row per query, series and instant, as the newest complete reading of the instant's slice has it: a sample that
-- is missing at the source is missing here, and a counter falls where it was reset.
{{ config(
    incremental_strategy='current_set', unique_key=['source', 'query_name', 'series_labels', 'sampled_at']
) }}

{% set columns = sample_columns() %}

with samples as (
    {{ samples_of_changed_slices('prometheus', 'range_samples') }}
)

select
    source, scope as query_name, series_labels,
    {{ sampled_at() }} as sampled_at,
    {{ typed(columns) }}
    step_seconds, slice_started_at,
    record_id, null::timestamptz as source_updated_at, {{ cast_losses(columns) }} as cast_loss_count
from samples
