-- One row per issue or pull request, in its newest version.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'issue_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'number': 'VARCHAR', 'state': 'VARCHAR', 'state_reason': 'VARCHAR', 'title': 'VARCHAR',
    'body': 'VARCHAR', 'created_at': 'VARCHAR', 'updated_at': 'VARCHAR', 'closed_at': 'VARCHAR',
    'pull_request': {'url': 'VARCHAR'}, 'user': {'id': 'VARCHAR'}, 'labels': [{'name': 'VARCHAR'}],
} %}
{% set columns = [
    ('issue_id', 'record.id', 'bigint'),
    ('number', 'record.number', 'bigint'),
    ('state', 'record.state', 'varchar'),
    ('state_reason', 'record.state_reason', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('closed_at', 'record.closed_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'github__issues__new'), structure) }}
),

texts as (
    select *, coalesce(record.title, '') || chr(10) || coalesce(record.body, '') as description
    from records
),

versions as (
    select
        source, scope as repository, record_id,
        {{ typed(columns) }}
        record.pull_request is not null as is_pull_request,
        coalesce(list_transform(record.labels, lambda label: label.name), []) as labels,
        {{ github_account('record.user.id') }} as author_account,
        {{ deployment_references('description') }} as referenced_deployment_ids,
        {{ sha_references('description') }} as mentioned_shas,
        {{ issue_references('description', 'scope') }} as mentioned_issues,
        {{ tag_references('description') }} as referenced_tags,
        {{ cast_losses(columns, [account_loss('record.user'), label_loss('record.labels')]) }} as cast_loss_count
    from texts
),

newest as (
    {{ newest_version('versions', 'issue_id') }}
)

select
    source, issue_id, repository, number, is_pull_request, state, state_reason, created_at,
    source_updated_at as updated_at, closed_at, {{ token_columns('author') }}, labels, referenced_deployment_ids,
    mentioned_shas, mentioned_issues, referenced_tags,
    record_id, source_updated_at, cast_loss_count + {{ token_loss('author') }} as cast_loss_count
from newest
{{ join_tokens('author') }}
