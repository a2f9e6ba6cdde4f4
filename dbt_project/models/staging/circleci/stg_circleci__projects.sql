-- Written by `python -m orchestration.staging_models write` from projects in connectors/circleci.
-- One row per project, as it is now.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'project_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'organization_id': 'VARCHAR', 'vcs_info': {'provider': 'VARCHAR', 'default_branch': 'VARCHAR'},
} %}
{% set columns = [
    ('project_slug', 'scope', 'varchar'),
    ('project_id', 'record.id', 'varchar'),
    ('organization_id', 'record.organization_id', 'varchar'),
    ('provider', 'record.vcs_info.provider', 'varchar'),
    ('default_branch', 'record.vcs_info.default_branch', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'circleci__projects__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('scope'), missing('record.id')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['project_id']) }}
)

select
    source, project_slug, project_id, organization_id, provider, default_branch,
    record_id, source_updated_at, cast_loss_count
from newest
