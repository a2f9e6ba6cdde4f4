-- Written by `python -m orchestration.staging_models write` from merge_request_commits in connectors/gitlab.
-- One row per commit of a merge request as its branch is now.
{{ config(incremental_strategy='current_set', unique_key=['source', 'project_path', 'number', 'commit_sha']) }}

{% set structure = {
    'id': 'VARCHAR', 'authored_date': 'VARCHAR', 'committed_date': 'VARCHAR', 'parent_ids': 'JSON',
    'author_email': 'VARCHAR', 'committer_email': 'VARCHAR',
} %}
{% set columns = [
    ('project_path', 'case when record is not null then scope end', 'varchar'),
    ('number', 'case when record is not null then parent_key end', 'bigint'),
    ('commit_sha', 'record.id', 'varchar'),
    ('authored_at', 'record.authored_date', 'timestamptz'),
    ('committed_at', 'record.committed_date', 'timestamptz'),
] %}

with records as (
    {{ records_of_changed_sets('gitlab', 'merge_request_commits', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.parent_ids', [[]]) }} as parent_shas,
        {{ account('git', 'record.author_email') }} as author_account,
        {{ account('git', 'record.committer_email') }} as committer_account,
        {{ cast_losses(columns, [
            missing('scope'),
            missing('parent_key'),
            missing('record.id'),
            list_loss('record.parent_ids', [[]]),
            'record is not null and record.author_email is null',
            'record is not null and record.committer_email is null',
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['project_path', 'number', 'commit_sha']) }}
)

select
    source, project_path, number, commit_sha, parent_shas, authored_at, committed_at, {{ token_columns('author') }},
    {{ token_columns('committer') }},
    record_id, source_updated_at,
    cast_loss_count + {{ token_loss('author') }} + {{ token_loss('committer') }} as cast_loss_count
from set_members
{{ join_tokens('author') }}
{{ join_tokens('committer') }}
