-- One row per folder or job, as the newest complete reading of what the settings name has it. Items stand inside their
-- folders, at any depth: each carries the address of the whole answer, and `json_path` says where it stands there.
{{ config(incremental_strategy='current_set', unique_key=['source', 'job_full_name']) }}

{% set columns = [
    ('job_full_name', "(record ->> '$.fullName')", 'varchar'),
    ('item_class', "(record ->> '$._class')", 'varchar'),
    ('is_buildable', "(record ->> '$.buildable')", 'boolean'),
    ('last_build_number', "(record ->> '$.lastBuild.number')", 'bigint'),
    ('last_build_started_at', "(record ->> '$.lastBuild.timestamp')", 'epoch_milliseconds'),
] %}

with pages as (
    select
        source, scope, log_index, page_position,
        try(decode(body)) as page_text,
        coalesce(json_valid(try(decode(body))), false) as is_readable
    from ({{ pages_of_changed_sets('jenkins', 'jobs') }})
),

records as (
    select
        pages.source, pages.scope, pages.log_index, pages.page_position, item.id as ordinal, item.value as record,
        item.fullkey as json_path
    from pages, json_tree(case when pages.is_readable then pages.page_text end) as item
    where item.type = 'OBJECT'
        and regexp_full_match(item.path, '\$(.*\.jobs)?')
        and (item.value ->> '$.fullName') <> ''
    union all
    select source, scope, log_index, page_position, 0 as ordinal, null as record, null as json_path
    from pages
    where not is_readable
),

items as (
    select
        source, scope, page_position, ordinal, json_path,
        {{ record_id('log_index', 0) }} as record_id,
        {{ typed(columns) }}
        json_exists(record, '$.jobs') as is_folder,
        coalesce(json_extract_string(record, '$.scm.userRemoteConfigs[*].url'), []) as remote_urls,
        {{ cast_losses(columns, [missing("(record ->> '$._class')")]) }} as cast_loss_count
    from records
),

current_items as (
    select * from items
    {{ once_in_its_set('scope', 'job_full_name') }}
)

select
    source, job_full_name,
    nullif(regexp_replace(job_full_name, '/?[^/]*$', ''), '') as folder_full_name,
    item_class, is_folder, is_buildable, last_build_number, last_build_started_at,
    list_transform(remote_urls, lambda url: {{ git_remote('url') }}) as repositories,
    json_path, record_id, null::timestamptz as source_updated_at, cast_loss_count
from current_items
