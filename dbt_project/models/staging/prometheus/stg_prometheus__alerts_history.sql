-- One row per alert, state and instant at which it was pending or firing, as the newest complete reading of the
-- instant's slice has it.
{{ config(incremental_strategy='current_set', unique_key=['source', 'alert_labels', 'sampled_at']) }}

{% set columns = sample_columns() %}

with samples as (
    {{ samples_of_changed_slices('prometheus', 'alerts_history') }}
)

select
    source, series_labels as alert_labels,
    {{ sampled_at() }} as sampled_at,
    {{ typed(columns) }}
    series_labels ->> '$.alertname' as alert_name,
    series_labels ->> '$.alertstate' as alert_state,
    series_labels ->> '$.severity' as severity,
    series_labels ->> '$.service' as service,
    step_seconds, slice_started_at,
    record_id, null::timestamptz as source_updated_at, {{ cast_losses(columns) }} as cast_loss_count
from samples
