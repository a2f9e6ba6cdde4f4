-- One row per tag of a repository, as its newest complete list of tags has it.
{{ config(incremental_strategy='current_set', unique_key=['source', 'repository', 'tag_name']) }}

{% set structure = {'name': 'VARCHAR', 'commit': {'sha': 'VARCHAR'}} %}

with records as (
    {{ records_of_changed_sets('github', 'tags', structure) }}
)

select
    source, scope as repository, record.name as tag_name, record.commit.sha as commit_sha,
    record_id, null::timestamptz as source_updated_at,
    {{ cast_losses([], [missing('record.commit.sha')]) }} as cast_loss_count
from records
{{ once_in_its_set('scope', 'record.name') }}
