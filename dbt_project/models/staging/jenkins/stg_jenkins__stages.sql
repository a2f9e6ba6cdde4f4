-- Written by `python -m orchestration.staging_models write` from stages in connectors/jenkins.
-- One row per stage of a pipeline's build that has ended; jobs of other kinds have none.
{{ config(incremental_strategy='current_set', unique_key=['source', 'job_full_name', 'build_number', 'stage_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'name': 'VARCHAR', 'status': 'VARCHAR', 'startTimeMillis': 'VARCHAR', 'durationMillis': 'VARCHAR',
    'pauseDurationMillis': 'VARCHAR',
} %}
{% set columns = [
    ('job_full_name', 'case when record is not null then scope end', 'varchar'),
    ('build_number', 'case when record is not null then parent_key end', 'bigint'),
    ('stage_id', 'record.id', 'varchar'),
    ('stage_name', 'record.name', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('started_at', 'record.startTimeMillis', 'epoch_milliseconds'),
    ('duration_milliseconds', 'record.durationMillis', 'bigint'),
    ('pause_milliseconds', 'record.pauseDurationMillis', 'bigint'),
] %}

with records as (
    {{ records_of_changed_sets('jenkins', 'stages', structure, wrapped_in=['stages']) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.id'), missing('record.status')]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['job_full_name', 'build_number', 'stage_id']) }}
)

select
    source, job_full_name, build_number, stage_id, stage_name, status, started_at, duration_milliseconds,
    pause_milliseconds,
    record_id, source_updated_at, cast_loss_count
from set_members
