-- Written by `python -m orchestration.staging_models write` from rules in connectors/codeowners.
-- One row per line of a version of the file: of the valid ones, the last that matches a path counts.
{{ config(incremental_strategy='current_set', unique_key=['source', 'repository', 'commit_sha', 'position']) }}

{% set structure = {
    'commit': 'VARCHAR', 'committed_at': 'VARCHAR', 'position': 'VARCHAR', 'line': 'VARCHAR', 'pattern': 'VARCHAR',
    'section': 'VARCHAR', 'is_optional': 'VARCHAR', 'required_approvals': 'VARCHAR', 'is_valid': 'VARCHAR',
    'problem': 'VARCHAR', 'teams': 'JSON', 'roles': 'JSON', 'users': 'JSON', 'emails': 'JSON',
} %}
{% set columns = [
    ('repository', 'case when record is not null then scope end', 'varchar'),
    ('commit_sha', 'record.commit', 'varchar'),
    ('committed_at', 'record.committed_at', 'timestamptz'),
    ('position', 'record.position', 'integer'),
    ('line_number', 'record.line', 'integer'),
    ('pattern', 'record.pattern', 'varchar'),
    ('section', 'record.section', 'varchar'),
    ('is_optional', 'record.is_optional', 'boolean'),
    ('required_approvals', 'record.required_approvals', 'integer'),
    ('is_valid', 'record.is_valid', 'boolean'),
    ('problem', 'record.problem', 'varchar'),
] %}

with records as (
    {{ records_of_changed_sets('codeowners', 'rules', structure) }}
),

set_members as (
    select
        source, record_id, page_position, ordinal,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.teams', [[]]) }} as team_slugs,
        {{ texts_in('record.roles', [[]]) }} as owner_roles,
        {{ accounts_in('codeowners', 'record.users', [['id']]) }} as owner_accounts,
        {{ accounts_in('git', 'record.emails', [['id']]) }} as addressed_accounts,
        {{ cast_losses(columns, [
            missing('record.commit'),
            missing('record.committed_at'),
            missing('record.position'),
            missing('record.line'),
            missing('record.pattern'),
            list_loss('record.teams', [[]]),
            list_loss('record.roles', [[]]),
            missing('record.is_valid'),
            list_loss('record.users', [['id']]),
            list_loss('record.emails', [['id']]),
        ]) }} as cast_loss_count
    from records
    {{ once_in_its_set('scope, parent_key', ['repository', 'commit_sha', 'position']) }}
)

select
    source, repository, commit_sha, committed_at, position, line_number, pattern, team_slugs, owner_roles, section,
    is_optional, required_approvals, is_valid, problem, {{ token_list('owner') }}, {{ token_list('addressed') }},
    record_id, source_updated_at,
    cast_loss_count + {{ token_list_loss('owner') }} + {{ token_list_loss('addressed') }} as cast_loss_count
from set_members
{{ join_token_lists('set_members', 'owner') }}
{{ join_token_lists('set_members', 'addressed') }}
