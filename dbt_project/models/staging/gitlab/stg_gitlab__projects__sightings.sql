-- One row per project and time between two readings in which it stood at the same path of the same group.
{{ config(materialized='table') }}

{% set structure = {
    'id': 'VARCHAR', 'path_with_namespace': 'VARCHAR', 'namespace': {'full_path': 'VARCHAR', 'kind': 'VARCHAR'},
} %}

-- depends_on: {{ source('raw', 'gitlab__projects__new') }}
with records as (
    {{ records_in(source('raw', 'gitlab__projects'), structure, carrying=['fetched_at']) }}
),

stated as (
    select
        source, fetched_at, record_id,
        {{ read_as('record.id', 'bigint') }} as project_id,
        record.path_with_namespace as project_path,
        case when record.namespace.kind = 'group' then record.namespace.full_path end as group_path
    from records
    where {{ read_as('record.id', 'bigint') }} is not null and record.path_with_namespace is not null
),

changes as (
    select *
    from stated
    qualify lag((project_path, group_path)) over (partition by source, project_id order by fetched_at, record_id)
        is distinct from (project_path, group_path)
)

select
    source, project_id, project_path, group_path,
    fetched_at as first_seen_at,
    lead(fetched_at) over (partition by source, project_id order by fetched_at, record_id) as gone_at,
    row_number() over (partition by source, project_id order by fetched_at, record_id) = 1
        as was_there_from_the_first_reading,
    record_id, null::timestamptz as source_updated_at, 0 as cast_loss_count
from changes
