-- Written by `python -m orchestration.staging_models write` from worklog_updates in connectors/jira.
-- One row per worklog that was made or changed, by id.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'worklog_id']) }}

{% set structure = {'worklogId': 'VARCHAR', 'updatedTime': 'VARCHAR'} %}
{% set columns = [
    ('worklog_id', 'record.worklogId', 'bigint'),
    ('source_updated_at', 'record.updatedTime', 'epoch_milliseconds'),
] %}

with records as (
    {{ records_in(source('raw', 'jira__worklog_updates__new'), structure, wrapped_in=['values']) }}
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ cast_losses(columns, [missing('record.worklogId'), missing('record.updatedTime')]) }} as cast_loss_count
    from records
),

newest as (
    {{ newest_version('versions', ['worklog_id']) }}
)

select
    source, worklog_id, source_updated_at as changed_at,
    record_id, source_updated_at, cast_loss_count
from newest
