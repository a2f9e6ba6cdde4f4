-- One row per log entry whose text names a deployment, a commit, an issue, a pull request or a release. The texts (a
-- note, the alert that triggered, the incident's title) are read for references only and go no further.
{{ config(incremental_strategy='first_version', unique_key=['source', 'log_entry_id']) }}

{% set structure = {
    'id': 'VARCHAR', 'type': 'VARCHAR', 'created_at': 'VARCHAR', 'incident': {'id': 'VARCHAR'},
    'event_details': {'description': 'VARCHAR'},
    'channel': {'summary': 'VARCHAR', 'subject': 'VARCHAR', 'body': 'VARCHAR', 'details': 'JSON'},
} %}
{% set columns = [
    ('log_entry_id', 'record.id', 'varchar'),
    ('entry_type', 'record.type', 'varchar'),
    ('incident_id', 'record.incident.id', 'varchar'),
    ('created_at', 'record.created_at', 'timestamptz'),
] %}

with records as (
    {{ records_in(source('raw', 'pagerduty__log_entries__new'), structure, wrapped_in=['log_entries']) }}
),

texts as (
    select *,
        concat_ws(
            chr(10), record.event_details.description, record.channel.summary, record.channel.subject,
            record.channel.body, record.channel.details
        ) as description
    from records
    where record is not null
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        {{ cause_references('description') }},
        {{ cast_losses(columns, [missing('record.id')]) }} as cast_loss_count
    from texts
),

naming as (
    select *
    from versions
    where len(referenced_deployment_ids) + len(mentioned_shas) + len(mentioned_issues) + len(referenced_tags) > 0
),

first_seen as (
    {{ first_version('naming', none, ['log_entry_id']) }}
)

select
    source, log_entry_id, entry_type, incident_id, created_at, referenced_deployment_ids, mentioned_shas,
    mentioned_issues, referenced_tags,
    record_id, null::timestamptz as source_updated_at, cast_loss_count
from first_seen
