-- Written by `python -m orchestration.staging_models write` from jobs in connectors/circleci.
-- One row per job of a workflow, or an approval that it waits for.
{{ config(incremental_strategy='current_set', unique_key=['source', 'job_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'job_number': 'VARCHAR', 'name': 'VARCHAR', 'type': 'VARCHAR', 'status': 'VARCHAR',
    'started_at': 'VARCHAR', 'stopped_at': 'VARCHAR', 'approved_by': 'VARCHAR', 'canceled_by': 'VARCHAR',
} %}
{% set columns = [
    ('project_slug', 'scope', 'varchar'),
    ('workflow_id', 'parent_key', 'varchar'),
    ('job_id', 'record.id', 'varchar'),
    ('job_number', 'record.job_number', 'bigint'),
    ('name', 'record.name', 'varchar'),
    ('type', 'record.type', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('started_at', 'record.started_at', 'timestamptz'),
    ('stopped_at', 'record.stopped_at', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('circleci', 'jobs', structure, wrapped_in=['items']) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ account('circleci', 'record.approved_by') }} as approver_account,
        {{ account('circleci', 'record.canceled_by') }} as canceler_account,
        {{ cast_losses(columns, [
            missing('scope'),
            missing('parent_key'),
            missing('record.id'),
            missing('record.name'),
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['job_id']) }}
)

select
    source, project_slug, workflow_id, job_id, job_number, name, type, status, started_at, stopped_at,
    {{ token_columns('approver') }}, {{ token_columns('canceler') }},
    record_id, source_updated_at,
    cast_loss_count + {{ token_loss('approver') }} + {{ token_loss('canceler') }} as cast_loss_count
from set_members
{{ join_tokens('approver') }}
{{ join_tokens('canceler') }}
