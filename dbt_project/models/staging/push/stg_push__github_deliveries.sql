-- Written by `python -m orchestration.staging_models write` from github_deliveries in connectors/push.
-- One row per delivery of a GitHub webhook.
{{ config(incremental_strategy='first_version', unique_key=['source', 'delivery_id']) }}

{% set structure = {
    'action': 'VARCHAR', 'repository': {'id': 'VARCHAR', 'full_name': 'VARCHAR'}, 'ref': 'VARCHAR', 'after': 'VARCHAR',
    'forced': 'VARCHAR', 'pull_request': {'number': 'VARCHAR'}, 'issue': {'number': 'VARCHAR'},
    'deployment': {'id': 'VARCHAR', 'sha': 'VARCHAR', 'environment': 'VARCHAR'},
    'deployment_status': {'state': 'VARCHAR', 'created_at': 'VARCHAR'},
    'workflow_run': {'id': 'VARCHAR', 'conclusion': 'VARCHAR'}, 'commits': 'JSON', 'sender': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('delivery_id', 'case when record is not null then parent_key end', 'varchar'),
    ('event', 'scope', 'varchar'),
    ('received_at', 'fetched_at', 'timestamptz'),
    ('action', 'record.action', 'varchar'),
    ('repository_id', 'record.repository.id', 'bigint'),
    ('repository', 'record.repository.full_name', 'varchar'),
    ('git_ref', 'record.ref', 'varchar'),
    ('head_sha', 'record.after', 'varchar'),
    ('is_forced', 'record.forced', 'boolean'),
    ('pull_request_number', 'record.pull_request.number', 'bigint'),
    ('issue_number', 'record.issue.number', 'bigint'),
    ('deployment_id', 'record.deployment.id', 'bigint'),
    ('deployment_sha', 'record.deployment.sha', 'varchar'),
    ('environment', 'record.deployment.environment', 'varchar'),
    ('deployment_state', 'record.deployment_status.state', 'varchar'),
    ('deployment_state_at', 'record.deployment_status.created_at', 'timestamptz'),
    ('run_id', 'record.workflow_run.id', 'bigint'),
    ('run_conclusion', 'record.workflow_run.conclusion', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'push__github_deliveries__new'), structure, carrying=['fetched_at']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.commits', [['id']]) }} as commit_shas,
        {{ account('github', 'record.sender.id') }} as sender_account,
        {{ cast_losses(columns, [
            missing('parent_key'),
            missing('scope'),
            missing('fetched_at'),
            list_loss('record.commits', [['id']]),
            'record.sender is not null and record.sender.id is null',
        ]) }} as cast_loss_count
    from records
),

first_seen as (
    {{ first_version('versions', none, ['delivery_id']) }}
)

select
    source, delivery_id, event, received_at, action, repository_id, repository, git_ref, head_sha, commit_shas,
    is_forced, pull_request_number, issue_number, deployment_id, deployment_sha, environment, deployment_state,
    deployment_state_at, run_id, run_conclusion, {{ token_columns('sender') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('sender') }} as cast_loss_count
from first_seen
{{ join_tokens('sender') }}
