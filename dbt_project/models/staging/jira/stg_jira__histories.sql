-- One row per changed field of an entry of an issue's changelog in Data Center, as it was first read.
{{ config(incremental_strategy='first_version', unique_key=['source', 'change_id', 'item_number']) }}

{% set structure = {'id': 'VARCHAR', 'changelog': {'histories': [jira_history_structure()]}} %}

with listed_records as (
    {{ records_in(source('raw', 'jira__histories__new'), structure, wrapped_in='issues') }}
),

entries as (
    select
        source, record_id, record.id as issue_id,
        unnest(case when record is null then [null] else record.changelog.histories end) as entry
    from listed_records
),

{{ jira_changes('entries') }}
