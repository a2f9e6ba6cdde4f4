-- Written by `python -m orchestration.staging_models write` from environments in connectors/gitlab.
-- One row per environment of a project, with its tier.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'environment_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'name': 'VARCHAR', 'tier': 'VARCHAR', 'state': 'VARCHAR', 'created_at': 'VARCHAR',
    'updated_at': 'VARCHAR',
} %}
{% set columns = [
    ('project_path', 'scope', 'varchar'),
    ('environment_id', 'record.id', 'bigint'),
    ('environment', 'record.name', 'varchar'),
    ('tier', 'record.tier', 'varchar'),
    ('state', 'record.state', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'gitlab__environments__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ cast_losses(columns, [missing('scope'), missing('record.id'), missing('record.name')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['environment_id']) }}
)

select
    source, project_path, environment_id, environment, tier, state, created_at, source_updated_at as updated_at,
    record_id, source_updated_at, cast_loss_count
from newest
