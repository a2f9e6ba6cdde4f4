-- One row per pull request, in its newest version.
{{ config(
    incremental_strategy='newest_version', unique_key=['source', 'pull_request_id'],
    pre_hook="{{ set_rule_variables(['hotfix_branch_pattern', 'hotfix_label_pattern', 'hotfix_title_pattern']) }}"
) }}

{% set structure = {
    'id': 'VARCHAR', 'number': 'VARCHAR', 'state': 'VARCHAR', 'draft': 'VARCHAR', 'title': 'VARCHAR', 'body': 'VARCHAR',
    'created_at': 'VARCHAR', 'updated_at': 'VARCHAR', 'closed_at': 'VARCHAR', 'merged_at': 'VARCHAR',
    'merge_commit_sha': 'VARCHAR', 'user': {'id': 'VARCHAR'}, 'labels': [{'name': 'VARCHAR'}],
    'head': {'ref': 'VARCHAR', 'sha': 'VARCHAR'}, 'base': {'ref': 'VARCHAR', 'repo': {'default_branch': 'VARCHAR'}},
} %}
{% set columns = [
    ('pull_request_id', 'record.id', 'bigint'),
    ('number', 'record.number', 'bigint'),
    ('state', 'record.state', 'varchar'),
    ('is_draft', 'record.draft', 'boolean'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
    ('closed_at', 'record.closed_at', 'timestamptz'),
    ('merged_at', 'record.merged_at', 'timestamptz'),
    ('head_sha', 'record.head.sha', 'varchar'),
    ('merge_commit_sha', 'record.merge_commit_sha', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'github__pull_requests__new'), structure) }}
),

texts as (
    select *, coalesce(record.title, '') || chr(10) || coalesce(record.body, '') as description
    from records
),

versions as (
    select
        source, scope as repository, record_id,
        {{ typed(columns) }}
        record.base.ref = record.base.repo.default_branch as is_base_default_branch,
        coalesce(list_transform(record.labels, lambda label: label.name), []) as labels,
        {{ github_account('record.user.id') }} as author_account,
        record.head.ref as branch,
        record.title as title,
        {{ reverted_sha_references('description') }} as reverted_shas,
        {{ reverted_pull_request_references('description', 'scope') }} as reverted_pull_requests,
        {{ issue_references('description', 'scope') }} as mentioned_issues,
        {{ closing_references('description', 'scope') }} as closed_issues,
        {{ sha_references('description') }} as mentioned_shas,
        {{ key_references("concat_ws(chr(10), record.head.ref, description)") }} as mentioned_keys,
        {{ cast_losses(columns, [
            account_loss('record.user'), missing('record.head.sha'), missing('record.base.ref'),
            label_loss('record.labels'),
        ]) }} as cast_loss_count
    from texts
),

newest as (
    {{ newest_version('versions', 'pull_request_id') }}
)

select
    source, pull_request_id, repository, number, state, is_draft, created_at, source_updated_at as updated_at,
    closed_at, merged_at, {{ token_columns('author') }}, head_sha, is_base_default_branch, merge_commit_sha, labels,
    {{ meets('branch', 'hotfix_branch_pattern') }} as is_hotfix_branch,
    {{ any_meets('labels', 'hotfix_label_pattern') }} as is_hotfix_label,
    {{ meets('title', 'hotfix_title_pattern') }} as is_hotfix_title,
    reverted_shas, reverted_pull_requests, mentioned_issues, closed_issues, mentioned_shas,
    mentioned_keys,
    record_id, source_updated_at, cast_loss_count + {{ token_loss('author') }} as cast_loss_count
from newest
cross join {{ source('config', 'rules') }} as rules
{{ join_tokens('author') }}
