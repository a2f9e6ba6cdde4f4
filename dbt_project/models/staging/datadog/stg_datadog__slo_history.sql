-- Written by `python -m orchestration.staging_models write` from slo_history in connectors/datadog.
-- One row per week of a service level objective: what was good, in slices or as changes of state.
{{ config(incremental_strategy='current_set', unique_key=['source', 'slo_id', 'window_starts_at']) }}

{% set structure = {
    'data': {
        'from_ts': 'VARCHAR', 'to_ts': 'VARCHAR', 'type': 'VARCHAR',
        'overall': {'sli_value': 'VARCHAR', 'history': 'JSON'},
        'series': {
            'numerator': {'sum': 'VARCHAR', 'values': 'JSON'}, 'denominator': {'sum': 'VARCHAR', 'values': 'JSON'},
            'interval': 'VARCHAR', 'times': 'JSON',
        },
    },
    'errors': 'JSON',
} %}
{% set columns = [
    ('slo_id', 'case when record is not null then scope end', 'varchar'),
    ('window_starts_at', 'case when record is not null then parent_key end', 'timestamptz'),
    ('read_from_at', 'record.data.from_ts', 'epoch_seconds'),
    ('read_until_at', 'record.data.to_ts', 'epoch_seconds'),
    ('slo_type', 'record.data.type', 'varchar'),
    ('sli_percent', 'record.data.overall.sli_value', 'double'),
    ('good_count', 'record.data.series.numerator.sum', 'double'),
    ('total_count', 'record.data.series.denominator.sum', 'double'),
    ('slice_seconds', 'record.data.series.interval', 'integer'),
    ('slice_starts', 'record.data.series.times', 'json'),
    ('good_counts', 'record.data.series.numerator.values', 'json'),
    ('total_counts', 'record.data.series.denominator.values', 'json'),
    ('state_changes', 'record.data.overall.history', 'json'),
    ('error', "(record.errors ->> '$[0].\"error\"')", 'varchar'),
] %}

with records as (
    {{ records_of_changed_sets('datadog', 'slo_history', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('scope'), missing('parent_key')]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['slo_id', 'window_starts_at']) }}
)

select
    source, slo_id, window_starts_at, read_from_at, read_until_at, slo_type, sli_percent, good_count, total_count,
    slice_seconds, slice_starts, good_counts, total_counts, state_changes, error,
    record_id, source_updated_at, cast_loss_count
from set_members
