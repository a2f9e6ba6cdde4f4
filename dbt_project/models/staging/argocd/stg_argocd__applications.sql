-- Written by `python -m orchestration.staging_models write` from applications in connectors/argocd.
-- One row per application as it was last listed.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'application_uid']) }}

{% set structure = {
    'metadata': {'uid': 'VARCHAR', 'name': 'VARCHAR', 'namespace': 'VARCHAR', 'creationTimestamp': 'VARCHAR'},
    'spec': {
        'project': 'VARCHAR', 'destination': {'server': 'VARCHAR', 'name': 'VARCHAR', 'namespace': 'VARCHAR'},
        'source': {'repoURL': 'VARCHAR', 'chart': 'VARCHAR', 'targetRevision': 'VARCHAR'}, 'sources': 'JSON',
    },
    'status': {
        'sync': {'status': 'VARCHAR'}, 'health': {'status': 'VARCHAR'}, 'reconciledAt': 'VARCHAR',
        'summary': {'images': 'JSON'},
    },
} %}
{% set columns = [
    ('application_uid', 'record.metadata.uid', 'varchar'),
    ('application_name', 'record.metadata.name', 'varchar'),
    ('application_namespace', 'record.metadata.namespace', 'varchar'),
    ('created_at', 'record.metadata.creationTimestamp', 'timestamptz'),
    ('project', 'record.spec.project', 'varchar'),
    ('destination_server', 'record.spec.destination.server', 'varchar'),
    ('destination_name', 'record.spec.destination.name', 'varchar'),
    ('destination_namespace', 'record.spec.destination.namespace', 'varchar'),
    ('repository_url', 'record.spec.source.repoURL', 'varchar'),
    ('chart', 'record.spec.source.chart', 'varchar'),
    ('target_revision', 'record.spec.source.targetRevision', 'varchar'),
    ('sync_status', 'record.status.sync.status', 'varchar'),
    ('health_status', 'record.status.health.status', 'varchar'),
    ('reconciled_at', 'record.status.reconciledAt', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'argocd__applications__new'), structure, wrapped_in=['items']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ texts_in('record.spec.sources', [['repoURL']]) }} as repository_urls,
        {{ texts_in('record.status.summary.images', [[]]) }} as images,
        {{ cast_losses(columns, [
            missing('record.metadata.name'),
            list_loss('record.spec.sources', [['repoURL']]),
            list_loss('record.status.summary.images', [[]]),
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['application_uid']) }}
)

select
    source, application_uid, application_name, application_namespace, created_at, project, destination_server,
    destination_name, destination_namespace, repository_url, repository_urls, chart, target_revision, sync_status,
    health_status, images, reconciled_at,
    record_id, source_updated_at, cast_loss_count
from newest
