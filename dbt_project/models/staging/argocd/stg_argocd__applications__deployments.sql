-- One row per entry of an application's history: a synchronisation that succeeded. The history keeps the last ten or
-- so; every entry that was ever listed stays. An entry carries the address of its application's record in the answer
-- that showed it first, and `json_path` says where it stood in that record.
{{ config(incremental_strategy='first_version', unique_key=['source', 'application_uid', 'history_id']) }}

{% set source_structure = {'repoURL': 'VARCHAR', 'chart': 'VARCHAR'} %}
{% set structure = {
    'metadata': {'uid': 'VARCHAR', 'name': 'VARCHAR'},
    'spec': {
        'project': 'VARCHAR', 'destination': {'server': 'VARCHAR', 'name': 'VARCHAR', 'namespace': 'VARCHAR'},
    },
    'status': {'history': [{
        'id': 'VARCHAR', 'deployStartedAt': 'VARCHAR', 'deployedAt': 'VARCHAR', 'revision': 'VARCHAR',
        'revisions': ['VARCHAR'], 'source': source_structure, 'sources': [source_structure],
        'initiatedBy': {'automated': 'VARCHAR'},
    }]},
} %}
{% set columns = [
    ('application_uid', 'application.metadata.uid', 'varchar'),
    ('history_id', 'record.id', 'bigint'),
    ('application_name', 'application.metadata.name', 'varchar'),
    ('project', 'application.spec.project', 'varchar'),
    ('destination_server', 'application.spec.destination.server', 'varchar'),
    ('destination_name', 'application.spec.destination.name', 'varchar'),
    ('destination_namespace', 'application.spec.destination.namespace', 'varchar'),
    ('started_at', 'record.deployStartedAt', 'timestamptz'),
    ('finished_at', 'record.deployedAt', 'timestamptz'),
] %}

with applications as (
    {{ records_in(source('raw', 'argocd__applications__new'), structure, wrapped_in=['items']) }}
),

records as (
    select
        source, record_id, record as application,
        unnest(record.status.history) as record,
        generate_subscripts(record.status.history, 1) - 1 as entry_ordinal
    from applications
    where record is not null
),

versions as (
    select
        source, record_id, entry_ordinal,
        {{ typed(columns) }}
        {{ rolled_out_columns('record') }}
        coalesce(try_cast(record.initiatedBy.automated as boolean), false) as is_automated,
        {{ cast_losses(columns, [missing('record.deployedAt')]) }} as cast_loss_count
    from records
),

first_seen as (
    select * from versions
    qualify row_number() over (
        partition by source, application_uid, history_id, case when history_id is null then record_id end
        order by record_id, entry_ordinal
    ) = 1
)

select
    source, application_uid, history_id, application_name, project,
    coalesce(destination_namespace, destination_name, destination_server) as environment,
    destination_server, destination_name, destination_namespace, 'Succeeded' as status,
    {{ commit_of_revisions() }} as commit_sha,
    revisions, repositories, charts, started_at, finished_at, is_automated,
    '$.status.history[' || entry_ordinal || ']' as json_path,
    record_id, null::timestamptz as source_updated_at, cast_loss_count
from first_seen
