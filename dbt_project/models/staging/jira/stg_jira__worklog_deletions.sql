-- Written by `python -m orchestration.staging_models write` from worklog_deletions in connectors/jira.
-- One row per worklog that was deleted, by id.
{{ config(incremental_strategy='first_version', unique_key=['source', 'worklog_id']) }}

{% set structure = {'worklogId': 'VARCHAR', 'updatedTime': 'VARCHAR'} %}
{% set columns = [
    ('worklog_id', 'record.worklogId', 'bigint'),
    ('deleted_at', 'record.updatedTime', 'epoch_milliseconds'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__worklog_deletions__new'), structure, wrapped_in=['values']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        null::timestamptz as source_updated_at,
        {{ cast_losses(columns, [missing('record.worklogId'), missing('record.updatedTime')]) }} as cast_loss_count
    from records
),

first_seen as (
    {{ first_version('versions', none, ['worklog_id']) }}
)

select
    source, worklog_id, deleted_at,
    record_id, source_updated_at, cast_loss_count
from first_seen
