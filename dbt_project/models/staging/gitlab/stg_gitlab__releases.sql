-- Written by `python -m orchestration.staging_models write` from releases in connectors/gitlab.
-- One row per release of a project.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'project_path', 'tag_name']) }}

{% set structure = {
    'tag_name': 'VARCHAR', 'commit': {'id': 'VARCHAR'}, 'upcoming_release': 'VARCHAR', 'created_at': 'VARCHAR',
    'released_at': 'VARCHAR', 'author': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('project_path', 'case when record is not null then scope end', 'varchar'),
    ('tag_name', 'record.tag_name', 'varchar'),
    ('commit_sha', 'record.commit.id', 'varchar'),
    ('is_upcoming', 'record.upcoming_release', 'boolean'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('released_at', 'record.released_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'gitlab__releases__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ account('gitlab', 'record.author.id') }} as author_account,
        {{ cast_losses(columns, [
            missing('scope'),
            missing('record.tag_name'),
            'record.author is not null and record.author.id is null',
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['project_path', 'tag_name']) }}
)

select
    source, project_path, tag_name, commit_sha, is_upcoming, created_at, released_at, {{ token_columns('author') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('author') }} as cast_loss_count
from newest
{{ join_tokens('author') }}
