-- Written by `python -m orchestration.staging_models write` from events in connectors/gitlab.
-- One row per approval, a comment, a push or another event of a project; GitLab keeps three years.
{{ config(incremental_strategy='first_version', unique_key=['source', 'event_id']) }}

{% set structure = {
    'project_id': 'VARCHAR', 'id': 'VARCHAR', 'action_name': 'VARCHAR', 'target_type': 'VARCHAR',
    'target_id': 'VARCHAR', 'target_iid': 'VARCHAR',
    'note': {'noteable_type': 'VARCHAR', 'noteable_iid': 'VARCHAR', 'type': 'VARCHAR', 'system': 'VARCHAR'},
    'push_data': {'ref_type': 'VARCHAR', 'commit_from': 'VARCHAR', 'commit_to': 'VARCHAR', 'commit_count': 'VARCHAR'},
    'created_at': 'VARCHAR', 'author': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('project_path', 'scope', 'varchar'),
    ('project_id', 'record.project_id', 'bigint'),
    ('event_id', 'record.id', 'bigint'),
    ('action', 'record.action_name', 'varchar'),
    ('target_type', 'record.target_type', 'varchar'),
    ('target_id', 'record.target_id', 'bigint'),
    ('target_number', 'record.target_iid', 'bigint'),
    ('noteable_type', 'record.note.noteable_type', 'varchar'),
    ('noteable_number', 'record.note.noteable_iid', 'bigint'),
    ('note_type', 'record.note.type', 'varchar'),
    ('is_system_note', 'record.note.system', 'boolean'),
    ('ref_type', 'record.push_data.ref_type', 'varchar'),
    ('pushed_from_sha', 'record.push_data.commit_from', 'varchar'),
    ('pushed_sha', 'record.push_data.commit_to', 'varchar'),
    ('pushed_commit_count', 'record.push_data.commit_count', 'integer'),
    ('created_at', 'record.created_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'gitlab__events__new'), structure) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ account('gitlab', 'record.author.id') }} as actor_account,
        {{ cast_losses(columns, [
            missing('scope'),
            missing('record.id'),
            missing('record.action_name'),
            missing('record.created_at'),
            'record.author is not null and record.author.id is null',
        ]) }} as cast_loss_count
    from records
),

first_seen as (
    {{ first_version('versions', none, ['event_id']) }}
)

select
    source, project_path, project_id, event_id, action, target_type, target_id, target_number, noteable_type,
    noteable_number, note_type, is_system_note, ref_type, pushed_from_sha, pushed_sha, pushed_commit_count, created_at,
    {{ token_columns('actor') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('actor') }} as cast_loss_count
from first_seen
{{ join_tokens('actor') }}
