-- Written by `python -m orchestration.staging_models write` from gitlab_deliveries in connectors/push.
-- One row per delivery of a GitLab webhook.
{{ config(incremental_strategy='first_version', unique_key=['source', 'delivery_id']) }}

{% set structure = {
    'object_kind': 'VARCHAR', 'project': {'id': 'VARCHAR', 'path_with_namespace': 'VARCHAR'}, 'ref': 'VARCHAR',
    'checkout_sha': 'VARCHAR', 'object_attributes': {'iid': 'VARCHAR', 'state': 'VARCHAR'}, 'status': 'VARCHAR',
    'deployment_id': 'VARCHAR', 'environment': 'VARCHAR', 'commits': 'JSON', 'user': {'id': 'VARCHAR'},
} %}
{% set columns = [
    ('delivery_id', 'case when record is not null then parent_key end', 'varchar'),
    ('event', 'scope', 'varchar'),
    ('received_at', 'fetched_at', 'timestamptz'),
    ('object_kind', 'record.object_kind', 'varchar'),
    ('project_id', 'record.project.id', 'bigint'),
    ('project', 'record.project.path_with_namespace', 'varchar'),
    ('git_ref', 'record.ref', 'varchar'),
    ('head_sha', 'record.checkout_sha', 'varchar'),
    ('merge_request_iid', 'record.object_attributes.iid', 'bigint'),
    ('state', 'record.object_attributes.state', 'varchar'),
    ('status', 'record.status', 'varchar'),
    ('deployment_id', 'record.deployment_id', 'bigint'),
    ('environment', 'record.environment', 'varchar'),
] %}

with records as (
    {{ records_in(source('raw', 'push__gitlab_deliveries__new'), structure, carrying=['fetched_at']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.commits', [['id']]) }} as commit_shas,
        {{ account('gitlab', 'record.user.id') }} as sender_account,
        {{ cast_losses(columns, [
            missing('parent_key'),
            missing('scope'),
            missing('fetched_at'),
            list_loss('record.commits', [['id']]),
            'record.user is not null and record.user.id is null',
        ]) }} as cast_loss_count
    from records
),

first_seen as (
    {{ first_version('versions', none, ['delivery_id']) }}
)

select
    source, delivery_id, event, received_at, object_kind, project_id, project, git_ref, head_sha, commit_shas,
    merge_request_iid, state, status, deployment_id, environment, {{ token_columns('sender') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('sender') }} as cast_loss_count
from first_seen
{{ join_tokens('sender') }}
