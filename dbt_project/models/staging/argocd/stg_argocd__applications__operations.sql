-- One row per synchronisation of an application that was the last one when it was listed, in its newest version. One
-- that failed stands nowhere else and is gone with the next; one that succeeded is in the history, too. It carries the
-- address of its application's record, in which it stands at `$.status.operationState`.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'application_uid', 'started_at']) }}

{% set source_structure = {'repoURL': 'VARCHAR', 'chart': 'VARCHAR'} %}
{% set structure = {
    'metadata': {'uid': 'VARCHAR', 'name': 'VARCHAR'},
    'spec': {
        'project': 'VARCHAR', 'destination': {'server': 'VARCHAR', 'name': 'VARCHAR', 'namespace': 'VARCHAR'},
    },
    'status': {'operationState': {
        'phase': 'VARCHAR', 'startedAt': 'VARCHAR', 'finishedAt': 'VARCHAR', 'retryCount': 'VARCHAR',
        'operation': {
            'initiatedBy': {'automated': 'VARCHAR'},
            'sync': {'dryRun': 'VARCHAR', 'resources': [{'kind': 'VARCHAR'}]},
        },
        'syncResult': {
            'revision': 'VARCHAR', 'revisions': ['VARCHAR'], 'source': source_structure, 'sources': [source_structure],
        },
    }},
} %}
{% set columns = [
    ('application_uid', 'application.metadata.uid', 'varchar'),
    ('application_name', 'application.metadata.name', 'varchar'),
    ('project', 'application.spec.project', 'varchar'),
    ('destination_server', 'application.spec.destination.server', 'varchar'),
    ('destination_name', 'application.spec.destination.name', 'varchar'),
    ('destination_namespace', 'application.spec.destination.namespace', 'varchar'),
    ('status', 'record.phase', 'varchar'),
    ('started_at', 'record.startedAt', 'timestamptz'),
    ('source_updated_at', 'record.finishedAt', 'timestamptz'),
    ('retry_count', 'record.retryCount', 'bigint'),
] %}

with applications as (
    {{ records_in(source('raw', 'argocd__applications__new'), structure, wrapped_in=['items']) }}
),

records as (
    select source, record_id, record as application, record.status.operationState as record
    from applications
    where record.status.operationState is not null
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ rolled_out_columns('record.syncResult') }}
        coalesce(try_cast(record.operation.initiatedBy.automated as boolean), false) as is_automated,
        coalesce(try_cast(record.operation.sync.dryRun as boolean), false) as is_dry_run,
        coalesce(len(record.operation.sync.resources), 0) > 0 as is_partial,
        {{ cast_losses(columns, [missing('record.phase')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['application_uid', 'started_at']) }}
)

select
    source, application_uid, started_at, application_name, project,
    coalesce(destination_namespace, destination_name, destination_server) as environment,
    destination_server, destination_name, destination_namespace, status,
    {{ commit_of_revisions() }} as commit_sha,
    revisions, repositories, charts, source_updated_at as finished_at, retry_count, is_automated, is_dry_run,
    is_partial,
    record_id, source_updated_at, cast_loss_count
from newest
