-- One row per tag of a clone, as its newest complete list of tags has it.
{{ config(incremental_strategy='current_set', unique_key=['source', 'repository', 'tag_name']) }}

{% set columns = [('created_at', "nullif(fields[4], '')", 'timestamptz')] %}

with records as (
    {{ git_records_of_changed_sets('tags') }}
)

select
    source, scope as repository,
    nullif(fields[1], '') as tag_name,
    coalesce(nullif(fields[3], ''), nullif(fields[2], '')) as commit_sha,
    {{ typed(columns) }}
    record_id, null::timestamptz as source_updated_at,
    {{ cast_losses(columns) }} as cast_loss_count
from records
{{ once_in_its_set('scope', 'fields[1]') }}
