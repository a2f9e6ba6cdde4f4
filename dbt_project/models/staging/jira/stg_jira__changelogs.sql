-- One row per changed field of an entry of an issue's changelog in Cloud, as it was first read.
{{ config(incremental_strategy='first_version', unique_key=['source', 'change_id', 'item_number']) }}

{% set pages = source('raw', 'jira__changelogs__new') %}
{% set in_bulk = {'issueId': 'VARCHAR', 'changeHistories': [jira_history_structure()]} %}

with bulk_records as (
    {{ records_in('(from ' ~ pages ~ ' where parent_key is null)', in_bulk, wrapped_in='issueChangeLogs') }}
),

single_records as (
    {{ records_in('(from ' ~ pages ~ ' where parent_key is not null)', jira_history_structure(), wrapped_in='values') }}
),

entries as (
    select
        source, record_id, record.issueId as issue_id,
        unnest(case when record is null then [null] else record.changeHistories end) as entry
    from bulk_records
    union all by name
    select source, record_id, parent_key as issue_id, record as entry from single_records
),

{{ jira_changes('entries') }}
