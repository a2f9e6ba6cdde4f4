-- One row per comment on a line of a pull request, in its newest version.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'comment_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'pull_request_url': 'VARCHAR', 'html_url': 'VARCHAR', 'created_at': 'VARCHAR',
    'updated_at': 'VARCHAR', 'user': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('comment_id', 'record.id', 'bigint'),
    ('pull_request_number', "nullif(regexp_extract(pull_request_url, '/pulls?/(\\d+)(?:#|$)', 1), '')", 'bigint'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'github__review_comments__new'), structure) }}
),

urls as (
    select *, coalesce(record.pull_request_url, record.html_url) as pull_request_url from records
),

versions as (
    select
        source, scope as repository, record_id,
        {{ typed(columns) }}
        {{ github_account('record.user.id') }} as author_account,
        {{ cast_losses(columns, [account_loss('record.user'), missing('pull_request_number')]) }} as cast_loss_count
    from urls
),

newest as (
    {{ newest_version('versions', 'comment_id') }}
)

select
    source, comment_id, repository, pull_request_number, {{ token_columns('author') }}, created_at,
    record_id, source_updated_at, cast_loss_count + {{ token_loss('author') }} as cast_loss_count
from newest
{{ join_tokens('author') }}
