-- One row per workflow run, in its newest version, which is that of its last attempt.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'run_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'name': 'VARCHAR', 'event': 'VARCHAR', 'head_sha': 'VARCHAR', 'status': 'VARCHAR',
    'conclusion': 'VARCHAR', 'run_attempt': 'VARCHAR', 'created_at': 'VARCHAR', 'run_started_at': 'VARCHAR',
    'updated_at': 'VARCHAR', 'actor': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('run_id', 'record.id', 'bigint'),
    ('workflow_name', 'record.name', 'varchar'),
    ('event', 'record.event', 'varchar'),
    ('head_sha', 'record.head_sha', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('conclusion', 'record.conclusion', 'varchar'),
    ('run_attempt', 'record.run_attempt', 'integer'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('run_started_at', 'record.run_started_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'github__workflow_runs__new'), structure, wrapped_in='workflow_runs') }}
),

versions as (
    select
        source, scope as repository, record_id,
        {{ typed(columns) }}
        {{ github_account('record.actor.id') }} as actor_account,
        {{ cast_losses(columns, [account_loss('record.actor'), missing('record.head_sha')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', 'run_id') }}
)

select
    source, run_id, repository, workflow_name, event, head_sha, status, conclusion, run_attempt, created_at,
    run_started_at, source_updated_at as updated_at, {{ token_columns('actor') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('actor') }} as cast_loss_count
from newest
{{ join_tokens('actor') }}
