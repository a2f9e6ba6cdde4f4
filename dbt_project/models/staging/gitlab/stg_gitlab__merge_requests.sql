-- One row per merge request, in its newest version.
{{ config(
    incremental_strategy='newest_version', unique_key=['source', 'merge_request_id'],
    pre_hook="{{ set_rule_variables(['hotfix_branch_pattern', 'hotfix_label_pattern', 'hotfix_title_pattern']) }}"
) }}

{% set structure = {
    'id': 'VARCHAR', 'iid': 'VARCHAR', 'project_id': 'VARCHAR', 'state': 'VARCHAR', 'draft': 'VARCHAR',
    'title': 'VARCHAR', 'description': 'VARCHAR', 'created_at': 'VARCHAR', 'updated_at': 'VARCHAR',
    'closed_at': 'VARCHAR', 'merged_at': 'VARCHAR', 'sha': 'VARCHAR', 'merge_commit_sha': 'VARCHAR',
    'squash_commit_sha': 'VARCHAR', 'source_branch': 'VARCHAR', 'target_branch': 'VARCHAR', 'labels': ['VARCHAR'],
    'author': {'id': 'VARCHAR'}, 'merge_user': {'id': 'VARCHAR'}, 'reviewers': [{'id': 'VARCHAR'}],
} %}
{% set columns = [
    ('merge_request_id', 'record.id', 'bigint'),
    ('project_path', 'scope', 'varchar'),
    ('project_id', 'record.project_id', 'bigint'),
    ('number', 'record.iid', 'bigint'),
    ('state', 'record.state', 'varchar'),
    ('is_draft', 'record.draft', 'boolean'),
    ('created_at', 'record.created_at', 'timestamptz'),
    ('source_updated_at', 'record.updated_at', 'timestamptz'),
    ('closed_at', 'record.closed_at', 'timestamptz'),
    ('merged_at', 'record.merged_at', 'timestamptz'),
    ('head_sha', 'record.sha', 'varchar'),
    ('target_branch', 'record.target_branch', 'varchar'),
    ('merge_commit_sha', 'record.merge_commit_sha', 'varchar'),
    ('squash_commit_sha', 'record.squash_commit_sha', 'varchar'),
] %}
{% set issue = '(?:\\b[\\w.-]+(?:/[\\w.-]+)+|\\B)#\\d+\\b' %}
{% set request = '(?:\\b[\\w.-]+(?:/[\\w.-]+)+|\\B)!\\d+\\b' %}
{% set closing = '(?i)\\b(?:clos|fix|resolv|implement)(?:e|es|ed|s|ing)?:?\\s+' %}
{% set reverting = '(?i)\\breverts merge request ' %}

with records as (
    {{ records_in(source('raw', 'gitlab__merge_requests__new'), structure) }}
),

texts as (
    select *, coalesce(record.title, '') || chr(10) || coalesce(record.description, '') as description
    from records
),

found as (
    select
        *,
        {{ matches('description', issue) }}
        || list_transform(
            {{ matches('description', '://[^/\\s]+/[\\w./-]+?/-/issues/\\d+') }},
            lambda link: regexp_replace(link, '^://[^/]+/(.*)/-/issues/(\d+)$', '\1#\2')
        ) as issues,
        list_transform(
            {{ matches('description', closing ~ issue) }}, lambda text: regexp_replace(text, '{{ closing }}', '')
        ) as closings,
        list_transform(
            {{ matches('description', reverting ~ request) }}, lambda text: regexp_replace(text, '{{ reverting }}', '')
        ) as reverts
    from texts
),

versions as (
    select
        source, scope, record_id,
        {{ typed(columns) }}
        coalesce(record.labels, []) as labels,
        {{ account('gitlab', 'record.author.id') }} as author_account,
        {{ account('gitlab', 'record.merge_user.id') }} as merger_account,
        list_transform(
            coalesce(record.reviewers, []), lambda reviewer: {{ account('gitlab', 'reviewer.id') }}
        ) as reviewer_accounts,
        record.source_branch as branch,
        record.title as title,
        {{ reverted_sha_references('description') }} as reverted_shas,
        list_transform(reverts, lambda text: case when starts_with(text, '!') then scope || text else text end)
            as reverted_merge_requests,
        list_transform(issues, lambda text: case when starts_with(text, '#') then scope || text else text end)
            as mentioned_issues,
        list_transform(closings, lambda text: case when starts_with(text, '#') then scope || text else text end)
            as closed_issues,
        {{ sha_references('description') }} as mentioned_shas,
        {{ cast_losses(columns, [
            missing('record.id'), missing('record.iid'), missing('record.state'), missing('record.labels'),
            'record.author is not null and record.author.id is null',
            'record.merge_user is not null and record.merge_user.id is null',
        ]) }} as cast_loss_count
    from found
),

newest as (
    {{ newest_version('versions', 'merge_request_id') }}
)

select
    source, merge_request_id, project_path, project_id, number, state, is_draft, created_at,
    source_updated_at as updated_at, closed_at, merged_at, {{ token_columns('author') }}, {{ token_columns('merger') }},
    {{ token_list('reviewer') }}, head_sha, target_branch, merge_commit_sha, squash_commit_sha,
    coalesce(merge_commit_sha, squash_commit_sha, case when state = 'merged' then head_sha end) as merged_sha, labels,
    {{ meets('branch', 'hotfix_branch_pattern') }} as is_hotfix_branch,
    {{ any_meets('labels', 'hotfix_label_pattern') }} as is_hotfix_label,
    {{ meets('title', 'hotfix_title_pattern') }} as is_hotfix_title,
    reverted_shas,
    list_sort(list_distinct(reverted_merge_requests)) as reverted_merge_requests,
    list_sort(list_distinct(mentioned_issues)) as mentioned_issues,
    list_sort(list_distinct(closed_issues)) as closed_issues, mentioned_shas,
    record_id, source_updated_at,
    cast_loss_count + {{ token_loss('author') }} + {{ token_loss('merger') }} + {{ token_list_loss('reviewer') }}
        as cast_loss_count
from newest
cross join {{ source('config', 'rules') }} as rules
{{ join_tokens('author') }}
{{ join_tokens('merger') }}
{{ join_token_lists('newest', 'reviewer') }}
