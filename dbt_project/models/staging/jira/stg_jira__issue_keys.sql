-- Written by `python -m orchestration.staging_models write` from issue_keys in connectors/jira.
-- One row per issue that a project has now, by id and key: what is missing was moved or deleted.
{{ config(incremental_strategy='current_set', unique_key=['source', 'project_key', 'issue_id']) }}

{% set structure = {'id': 'VARCHAR', 'key': 'VARCHAR'} %}
{% set columns = [
    ('project_key', 'case when record is not null then scope end', 'varchar'),
    ('issue_id', 'record.id', 'bigint'),
    ('issue_key', 'record.key', 'varchar'),
] %}

with records as (
    {{ records_of_changed_sets('jira', 'issue_keys', structure, wrapped_in=['issues']) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.id'), missing('record.key')]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['project_key', 'issue_id']) }}
)

select
    source, project_key, issue_id, issue_key,
    record_id, source_updated_at, cast_loss_count
from set_members
