-- Written by `python -m orchestration.staging_models write` from sprints in connectors/jira.
-- One row per sprint, as it is now.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'sprint_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'originBoardId': 'VARCHAR', 'name': 'VARCHAR', 'state': 'VARCHAR', 'startDate': 'VARCHAR',
    'activatedDate': 'VARCHAR', 'endDate': 'VARCHAR', 'completeDate': 'VARCHAR',
} %}
{% set columns = [
    ('sprint_id', 'record.id', 'bigint'),
    ('board_id', 'record.originBoardId', 'bigint'),
    ('sprint_name', 'record.name', 'varchar'),
    ('state', 'record.state', 'varchar'),
    ('started_at', 'record.startDate', 'timestamptz'),
    ('activated_at', 'record.activatedDate', 'timestamptz'),
    ('ends_at', 'record.endDate', 'timestamptz'),
    ('completed_at', 'record.completeDate', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__sprints__new'), structure, wrapped_in=['values']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.id'), missing('record.state')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['sprint_id']) }}
)

select
    source, sprint_id, board_id, sprint_name, state, started_at, activated_at, ends_at, completed_at,
    record_id, source_updated_at, cast_loss_count
from newest
