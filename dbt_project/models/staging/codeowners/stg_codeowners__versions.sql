-- Written by `python -m orchestration.staging_models write` from versions in connectors/codeowners.
-- One row per commit of the branch from which on another CODEOWNERS file, or none, is in force.
{{ config(incremental_strategy='current_set', unique_key=['source', 'repository', 'commit_sha']) }}

{% set structure = {
    'commit': 'VARCHAR', 'committed_at': 'VARCHAR', 'path': 'VARCHAR', 'is_present': 'VARCHAR', 'rule_count': 'VARCHAR',
    'invalid_count': 'VARCHAR',
} %}
{% set columns = [
    ('repository', 'case when record is not null then scope end', 'varchar'),
    ('commit_sha', 'record.commit', 'varchar'),
    ('committed_at', 'record.committed_at', 'timestamptz'),
    ('path', 'record.path', 'varchar'),
    ('is_present', 'record.is_present', 'boolean'),
    ('rule_count', 'record.rule_count', 'integer'),
    ('invalid_count', 'record.invalid_count', 'integer'),
] %}

with records as (
    {{ records_of_changed_sets('codeowners', 'versions', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [
            missing('record.commit'),
            missing('record.committed_at'),
            missing('record.is_present'),
            missing('record.rule_count'),
            missing('record.invalid_count'),
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['repository', 'commit_sha']) }}
)

select
    source, repository, commit_sha, committed_at, path, is_present, rule_count, invalid_count,
    record_id, source_updated_at, cast_loss_count
from set_members
