-- One row per deployment, in its newest version.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'deployment_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'sha': 'VARCHAR', 'environment': 'VARCHAR', 'task': 'VARCHAR', 'created_at': 'VARCHAR',
    'updated_at': 'VARCHAR', 'transient_environment': 'VARCHAR', 'production_environment': 'VARCHAR',
    'creator': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('deployment_id', 'record.id', 'bigint'),
    ('commit_sha', 'record.sha', 'varchar'),
    ('environment', 'record.environment', 'varchar'),
    ('task', 'record.task', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
    ('is_transient', 'record.transient_environment', 'boolean'),
    ('is_production_environment', 'record.production_environment', 'boolean'),
] %}

with records as (
    {{ records_in(source('raw', 'github__deployments__new'), structure) }}
),

versions as (
    select
        source, scope as repository, record_id,
        {{ typed(columns) }}
        {{ github_account('record.creator.id') }} as creator_account,
        {{ cast_losses(columns, [account_loss('record.creator'), missing('record.sha')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', 'deployment_id') }}
)

select
    source, deployment_id, repository, commit_sha, environment, task, created_at, source_updated_at as updated_at,
    {{ token_columns('creator') }}, is_transient, is_production_environment,
    record_id, source_updated_at, cast_loss_count + {{ token_loss('creator') }} as cast_loss_count
from newest
{{ join_tokens('creator') }}
