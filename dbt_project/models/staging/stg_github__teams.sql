-- One row per team of an organisation, in its newest version.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'team_id']) }}

{% set structure = {'id': 'VARCHAR', 'slug': 'VARCHAR', 'parent': {'slug': 'VARCHAR'}} %}
{% set columns = [
    ('team_id', 'record.id', 'bigint'),
    ('slug', 'record.slug', 'varchar'),
    ('parent_slug', 'record.parent.slug', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'github__teams__new'), structure) }}
),

versions as (
    select
        source, scope as organisation, record_id, null::timestamptz as source_updated_at,
        {{ typed(columns) }}
        {{ cast_losses(columns, [
            missing('record.slug'), 'record.parent is not null and record.parent.slug is null',
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', 'team_id') }}
)

select source, team_id, organisation, slug, parent_slug, record_id, source_updated_at, cast_loss_count
from newest
