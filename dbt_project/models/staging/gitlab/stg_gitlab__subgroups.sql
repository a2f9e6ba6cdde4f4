-- Written by `python -m orchestration.staging_models write` from subgroups in connectors/gitlab.
-- One row per group below a named one, at any depth: GitLab's teams.
{{ config(incremental_strategy='current_set', unique_key=['source', 'group_id']) }}

{% set structure = {'id': 'VARCHAR', 'full_path': 'VARCHAR', 'parent_id': 'VARCHAR', 'created_at': 'VARCHAR'} %}
{% set columns = [
    ('group_id', 'record.id', 'bigint'),
    ('group_path', 'record.full_path', 'varchar'),
    ('parent_id', 'record.parent_id', 'bigint'),
    ('created_at', 'record.created_at', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('gitlab', 'subgroups', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.id'), missing('record.full_path')]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['group_id']) }}
)

select
    source, group_id, group_path, parent_id, created_at,
    record_id, source_updated_at, cast_loss_count
from set_members
