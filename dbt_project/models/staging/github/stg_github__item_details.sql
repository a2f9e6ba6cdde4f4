-- Written by `python -m orchestration.staging_models write` from item_details in connectors/github.
-- One row per pull request or an issue with its reviews, commits and events, as GraphQL gives it.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'node_id']) }}

{% set structure = {
    'id': 'VARCHAR', '__typename': 'VARCHAR', 'repository': {'nameWithOwner': 'VARCHAR'}, 'number': 'VARCHAR',
    'additions': 'VARCHAR', 'deletions': 'VARCHAR', 'changedFiles': 'VARCHAR', 'updatedAt': 'VARCHAR',
    'mergedBy': {'databaseId': 'VARCHAR'},
} %}
{% set columns = [
    ('node_id', 'record.id', 'varchar'),
    ('item_type', 'record.__typename', 'varchar'),
    ('repository', 'record.repository.nameWithOwner', 'varchar'),
    ('number', 'record.number', 'bigint'),
    ('added_line_count', 'record.additions', 'bigint'),
    ('deleted_line_count', 'record.deletions', 'bigint'),
    ('changed_file_count', 'record.changedFiles', 'bigint'),
    ('source_updated_at', 'record.updatedAt', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'github__item_details__new'), structure, wrapped_in=['data', 'nodes']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ account('github', 'record.mergedBy.databaseId') }} as merger_account,
        {{ cast_losses(columns, [
            missing('record.id'),
            missing('record.__typename'),
            missing('record.number'),
            'record.mergedBy is not null and record.mergedBy.databaseId is null',
        ]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['node_id']) }}
)

select
    source, node_id, item_type, repository, number, added_line_count, deleted_line_count, changed_file_count,
    {{ token_columns('merger') }},
    record_id, source_updated_at, cast_loss_count + {{ token_loss('merger') }} as cast_loss_count
from newest
{{ join_tokens('merger') }}
