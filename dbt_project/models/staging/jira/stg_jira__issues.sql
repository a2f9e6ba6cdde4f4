-- One row per issue, in its newest version. Summary and description are read for references only.
{{ config(incremental_strategy='newest_version', unique_key=['source', 'issue_id']) }}

{% set user = {'accountId': 'VARCHAR', 'key': 'VARCHAR'} %}
{% set named = {'id': 'VARCHAR', 'name': 'VARCHAR'} %}
{% set structure = {
    'id': 'VARCHAR', 'key': 'VARCHAR',
    'fields': {
        'summary': 'VARCHAR', 'description': 'VARCHAR', 'issuetype': {'id': 'VARCHAR', 'name': 'VARCHAR', 'subtask': 'VARCHAR'},
        'project': {'id': 'VARCHAR', 'key': 'VARCHAR'}, 'parent': {'id': 'VARCHAR', 'key': 'VARCHAR'}, 'priority': named,
        'status': {'id': 'VARCHAR', 'name': 'VARCHAR', 'statusCategory': {'key': 'VARCHAR'}}, 'resolution': named,
        'statuscategorychangedate': 'VARCHAR', 'resolutiondate': 'VARCHAR', 'created': 'VARCHAR', 'updated': 'VARCHAR',
        'duedate': 'VARCHAR', 'timeoriginalestimate': 'VARCHAR', 'timespent': 'VARCHAR', 'labels': ['VARCHAR'],
        'components': [named], 'fixVersions': [named], 'assignee': user, 'reporter': user, 'creator': user,
        'issuelinks': [{
            'type': {'name': 'VARCHAR', 'inward': 'VARCHAR'}, 'inwardIssue': {'key': 'VARCHAR'}, 'outwardIssue': {'key': 'VARCHAR'},
        }],
    },
} %}
{% set columns = [
    ('issue_id', 'record.id', 'bigint'),
    ('issue_key', 'record."key"', 'varchar'),
    ('project_id', 'fields.project.id', 'bigint'),
    ('project_key', 'fields.project."key"', 'varchar'),
    ('issue_type_id', 'fields.issuetype.id', 'bigint'),
    ('issue_type_name', 'fields.issuetype.name', 'varchar'),
    ('is_subtask', 'fields.issuetype.subtask', 'boolean'),
    ('status_id', 'fields.status.id', 'bigint'),
    ('status_name', 'fields.status.name', 'varchar'),
    ('status_category_key', 'fields.status.statusCategory."key"', 'varchar'),
    ('status_category_changed_at', 'fields.statuscategorychangedate', 'timestamptz'),
    ('resolution_name', 'fields.resolution.name', 'varchar'),
    ('priority_name', 'fields.priority.name', 'varchar'),
    ('parent_issue_id', 'fields.parent.id', 'bigint'),
    ('created_at', 'fields.created', 'timestamptz'),
    ('source_updated_at', 'fields.updated', 'timestamptz'),
    ('resolved_at', 'fields.resolutiondate', 'timestamptz'),
    ('due_date', 'fields.duedate', 'date'),
    ('original_estimate_seconds', 'fields.timeoriginalestimate', 'bigint'),
    ('time_spent_seconds', 'fields.timespent', 'bigint'),
] %}

with records as (
    {{ records_in(
        source('raw', 'jira__issues__new'), structure, wrapped_in='issues',
        beside={'named': {'fields': 'MAP(VARCHAR, JSON)'}}
    ) }}
),

texts as (
    select
        *, record.fields as fields, named.fields as all_fields,
        coalesce(record.fields.summary, '') || chr(10) || coalesce(record.fields.description, '') as description
    from records
),

versions as (
    select
        source, record_id,
        {{ typed(columns) }}
        coalesce(fields.labels, []) as labels,
        coalesce(list_transform(fields.components, lambda part: part.name), []) as component_names,
        coalesce(list_transform(fields.fixVersions, lambda version: version.name), []) as fix_version_names,
        list_sort(list_distinct(list_transform(
            coalesce(fields.issuelinks, []), lambda link: coalesce(link.inwardIssue."key", link.outwardIssue."key")
        ))) as linked_issue_keys,
        list_sort(list_distinct(list_transform(
            list_filter(coalesce(fields.issuelinks, []), lambda link: coalesce(
                link.inwardIssue."key" is not null
                and regexp_matches(link.type.inward, '(?i)\b(caused|introduced|broken) by\b'),
                false
            )),
            lambda link: link.inwardIssue."key"
        ))) as causing_issue_keys,
        {{ jira_sprint_ids('all_fields') }} as sprint_ids,
        {{ jira_custom_fields('all_fields') }} as custom_fields,
        {{ jira_account('fields.assignee') }} as assignee_account,
        {{ jira_account('fields.reporter') }} as reporter_account,
        {{ jira_account('fields.creator') }} as creator_account,
        {{ cause_references('description') }},
        {{ cast_losses(columns, [
            missing('record.id'), missing('fields.status.id'), missing('fields.status.statusCategory."key"'),
            missing('fields.created'), missing('fields.updated'), jira_account_loss('fields.assignee'),
            jira_account_loss('fields.reporter'), jira_account_loss('fields.creator'),
        ]) }} as cast_loss_count
    from texts
),

newest as (
    {{ newest_version('versions', 'issue_id') }}
)

select
    source, issue_id, issue_key, project_id, project_key, issue_type_id, issue_type_name, is_subtask, status_id,
    status_name, status_category_key, status_category_changed_at, resolution_name, priority_name, parent_issue_id,
    created_at, source_updated_at as updated_at, resolved_at, due_date, original_estimate_seconds, time_spent_seconds,
    {{ token_columns('assignee') }}, {{ token_columns('reporter') }}, {{ token_columns('creator') }}, labels,
    component_names, fix_version_names, linked_issue_keys, causing_issue_keys, sprint_ids, custom_fields,
    referenced_deployment_ids, mentioned_shas, mentioned_issues, referenced_tags,
    record_id, source_updated_at,
    cast_loss_count + {{ token_loss('assignee') }} + {{ token_loss('reporter') }} + {{ token_loss('creator') }}
        as cast_loss_count
from newest
{{ join_tokens('assignee') }}
{{ join_tokens('reporter') }}
{{ join_tokens('creator') }}
