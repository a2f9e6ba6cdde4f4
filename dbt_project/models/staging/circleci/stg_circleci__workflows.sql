-- Written by `python -m orchestration.staging_models write` from workflows in connectors/circleci.
-- One row per workflow of a pipeline; run again, it is another workflow.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'workflow_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'pipeline_id': 'VARCHAR', 'name': 'VARCHAR', 'status': 'VARCHAR', 'tag': 'VARCHAR',
    'created_at': 'VARCHAR', 'stopped_at': 'VARCHAR', 'started_by': 'VARCHAR', 'canceled_by': 'VARCHAR',
    'errored_by': 'VARCHAR',
} %}
{% set columns = [
    ('project_slug', 'scope', 'varchar'),
    ('workflow_id', 'record.id', 'varchar'),
    ('pipeline_id', 'record.pipeline_id', 'varchar'),
    ('name', 'record.name', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('tag', 'record.tag', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('stopped_at', 'record.stopped_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'circleci__workflows__new'), structure, wrapped_in=['items']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ account('circleci', 'record.started_by') }} as starter_account,
        {{ account('circleci', 'record.canceled_by') }} as canceler_account,
        {{ account('circleci', 'record.errored_by') }} as errorer_account,
        {{ cast_losses(columns, [
            missing('scope'),
            missing('record.id'),
            missing('record.pipeline_id'),
            missing('record.name'),
            missing('record.created_at'),
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['workflow_id']) }}
)

select
    source, project_slug, workflow_id, pipeline_id, name, status, tag, created_at, stopped_at,
    {{ token_columns('starter') }}, {{ token_columns('canceler') }}, {{ token_columns('errorer') }},
    record_id, source_updated_at,
    cast_loss_count + {{ token_loss('starter') }} + {{ token_loss('canceler') }} + {{ token_loss('errorer') }} as cast_loss_count
from newest
{{ join_tokens('starter') }}
{{ join_tokens('canceler') }}
{{ join_tokens('errorer') }}
