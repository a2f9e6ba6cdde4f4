-- One row per repository, name that it was listed under and place that listed it, as first told.
{{ config(incremental_strategy='first_version', unique_key=['source', 'scope', 'repository_id', 'name']) }}

{% set structure = {'id': 'VARCHAR', 'full_name': 'VARCHAR'} %}
{% set columns = [
    ('repository_id', 'record.id', 'bigint'),
    ('name', 'record.full_name', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'github__repositories__new'), structure) }}
),

listed as (
    select source, scope, record_id, {{ typed(columns) }} 0 as cast_loss_count
    from records
    where record.id is not null and record.full_name is not null
),

first_listed as (
    {{ first_version('listed', 'scope', ['repository_id', 'name']) }}
)

select
    source, scope, repository_id, name,
    case when contains(scope, '/') then scope else name end as repository,
    record_id, null::timestamptz as source_updated_at, cast_loss_count
from first_listed
