-- One row per worklog, in its newest version.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'worklog_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'issueId': 'VARCHAR', 'started': 'VARCHAR', 'created': 'VARCHAR', 'updated': 'VARCHAR',
    'timeSpentSeconds': 'VARCHAR', 'author': {'accountId': 'VARCHAR', 'key': 'VARCHAR'},
} %}
{% set columns = [
    ('worklog_id', 'record.id', 'bigint'),
    ('issue_id', 'record.issueId', 'bigint'),
    ('started_at', 'record.started', 'timestamptz'),
    ('created_at', 'record.created', 'timestamptz'),
    ('source_updated_at', 'record.updated', 'timestamptz'),
    ('time_spent_seconds', 'record.timeSpentSeconds', 'bigint'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__worklogs__new'), structure, wrapped_in='worklogs') }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ jira_account('record.author') }} as author_account,
        {{ cast_losses(columns, [
            missing('record.id'), missing('record.issueId'), missing('record.timeSpentSeconds'),
            jira_account_loss('record.author'),
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', 'worklog_id') }}
)

select
    source, worklog_id, issue_id, {{ token_columns('author') }}, started_at, created_at,
    source_updated_at as updated_at, time_spent_seconds,
    record_id, source_updated_at, cast_loss_count + {{ token_loss('author') }} as cast_loss_count
from newest
{{ join_tokens('author') }}
