-- Written by `python -m orchestration.staging_models write` from tags in connectors/gitlab.
-- One row per tag and the commit that it names; a project without a repository has none.
{{ config(incremental_strategy='current_set', unique_key=['source', 'project_path', 'tag_name']) }}

{% set structure = {'name': 'VARCHAR', 'commit': {'id': 'VARCHAR'}, 'created_at': 'VARCHAR'} %}
{% set columns = [
    ('project_path', 'case when record is not null then scope end', 'varchar'),
    ('tag_name', 'record.name', 'varchar'),
    ('commit_sha', 'record.commit.id', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('gitlab', 'tags', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [
            missing('scope'),
            missing('record.name'),
            missing('record.commit.id'),
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['project_path', 'tag_name']) }}
)

select
    source, project_path, tag_name, commit_sha, created_at,
    record_id, source_updated_at, cast_loss_count
from set_members
