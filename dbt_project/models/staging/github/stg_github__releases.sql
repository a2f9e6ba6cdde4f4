-- One row per release, in its newest version.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'release_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'tag_name': 'VARCHAR', 'draft': 'VARCHAR', 'prerelease': 'VARCHAR', 'created_at': 'VARCHAR',
    'published_at': 'VARCHAR', 'updated_at': 'VARCHAR',
} %}
{% set columns = [
    ('release_id', 'record.id', 'bigint'),
    ('tag_name', 'record.tag_name', 'varchar'),
    ('is_draft', 'record.draft', 'boolean'),
    ('is_prerelease', 'record.prerelease', 'boolean'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('published_at', 'record.published_at', 'timestamptz'),
    ('source_updated_at', 'coalesce(record.updated_at, record.published_at, record.created_at)', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'github__releases__new'), structure) }}
),

versions as (
    select
        source, scope as repository, record_id,
        {{ typed(columns) }}
        {{ cast_losses(columns, [missing('record.tag_name')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', 'release_id') }}
)

select
    source, release_id, repository, tag_name, is_draft, is_prerelease, created_at, published_at,
    record_id, source_updated_at, cast_loss_count
from newest
