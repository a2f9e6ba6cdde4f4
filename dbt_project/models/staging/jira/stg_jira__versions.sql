-- Written by `python -m orchestration.staging_models write` from versions in connectors/jira.
-- One row per version of a project.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'version_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'projectId': 'VARCHAR', 'name': 'VARCHAR', 'released': 'VARCHAR', 'archived': 'VARCHAR',
    'startDate': 'VARCHAR', 'releaseDate': 'VARCHAR',
} %}
{% set columns = [
    ('version_id', 'record.id', 'bigint'),
    ('project_id', 'record.projectId', 'bigint'),
    ('version_name', 'record.name', 'varchar'),
    ('is_released', 'record.released', 'boolean'),
    ('is_archived', 'record.archived', 'boolean'),
    ('start_date', 'record.startDate', 'date'),
    ('release_date', 'record.releaseDate', 'date'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__versions__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.id'), missing('record.name')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['version_id']) }}
)

select
    source, version_id, project_id, version_name, is_released, is_archived, start_date, release_date,
    record_id, source_updated_at, cast_loss_count
from newest
