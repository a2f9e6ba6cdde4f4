-- One row per repository, in its newest version.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'repository_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'full_name': 'VARCHAR', 'default_branch': 'VARCHAR', 'archived': 'VARCHAR', 'fork': 'VARCHAR',
    'created_at': 'VARCHAR', 'updated_at': 'VARCHAR', 'pushed_at': 'VARCHAR',
} %}
{% set columns = [
    ('repository_id', 'record.id', 'bigint'),
    ('repository', 'record.full_name', 'varchar'),
    ('default_branch', 'record.default_branch', 'varchar'),
    ('is_archived', 'record.archived', 'boolean'),
    ('is_fork', 'record.fork', 'boolean'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('pushed_at', 'record.pushed_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'github__repositories__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ cast_losses(columns, [missing('record.full_name')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', 'repository_id') }}
)

select
    source, repository_id, repository, default_branch, is_archived, is_fork, created_at, pushed_at,
    record_id, source_updated_at, cast_loss_count
from newest
