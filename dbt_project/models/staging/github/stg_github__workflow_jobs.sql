-- One row per job of a workflow run, as the run's newest complete list of jobs has it.
{{ config(incremental_strategy='current_set', unique_key=['source', 'job_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'run_attempt': 'VARCHAR', 'name': 'VARCHAR', 'status': 'VARCHAR', 'conclusion': 'VARCHAR',
    'created_at': 'VARCHAR', 'started_at': 'VARCHAR', 'completed_at': 'VARCHAR',
} %}
{% set columns = [
    ('job_id', 'record.id', 'bigint'),
    ('run_id', 'parent_key', 'bigint'),
    ('run_attempt', 'record.run_attempt', 'integer'),
    ('name', 'record.name', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('conclusion', 'record.conclusion', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('started_at', 'record.started_at', 'timestamptz'),
    ('completed_at', 'record.completed_at', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('github', 'workflow_jobs', structure, wrapped_in='jobs') }}
)

select
    source, scope as repository,
    {{ typed(columns) }}
    record_id,
    try_cast(coalesce(record.completed_at, record.started_at) as timestamptz) as source_updated_at,
    {{ cast_losses(columns) }} as cast_loss_count
from records
{{ once_in_its_set('scope, parent_key', 'record.id') }}
