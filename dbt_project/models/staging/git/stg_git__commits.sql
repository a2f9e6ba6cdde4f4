-- One row per commit of a clone, as it was first read: a commit never changes.
{{ config(
    incremental_strategy='first_version', unique_key=['source', 'repository', 'commit_sha'],
    pre_hook="{{ set_rule_variables(['hotfix_title_pattern']) }}"
) }}

{% set columns = [
    ('authored_at', 'fields[5]', 'timestamptz'),
    ('committed_at', 'fields[8]', 'timestamptz'),
] %}

with records as (
    {{ git_records_in(source('raw', 'git__commits__new')) }}
),

commits as (
    select
        source, scope as repository, record_id,
        case when regexp_full_match(fields[1], '[0-9a-f]{40}|[0-9a-f]{64}') then fields[1] end as commit_sha,
        list_filter(string_split(fields[2], ' '), lambda sha: sha <> '') as parent_shas,
        {{ typed(columns) }}
        {{ git_account('fields[4]') }} as author_account,
        array_to_string(fields[9:len(fields) - 1], ' ') as message,
        {{ git_paths('fields[len(fields)]') }} as paths,
        {{ cast_losses(columns) }} as cast_loss_count
    from records
),

read as (
    select
        * exclude (message),
        split_part(message, chr(10), 1) as title,
        {{ reverted_sha_references('message') }} as reverted_shas,
        {{ cherry_picked_sha_references('message') }} as cherry_picked_shas,
        {{ issue_references('message', 'repository') }} as mentioned_issues,
        {{ closing_references('message', 'repository') }} as closed_issues,
        {{ sha_references('message') }} as mentioned_shas,
        {{ key_references("coalesce(message, '')") }} as mentioned_keys
    from commits
),

first_seen as (
    {{ first_version('read', 'repository', 'commit_sha') }}
)

select
    source, repository, commit_sha, parent_shas, authored_at, committed_at, {{ token_columns('author') }},
    reverted_shas, cherry_picked_shas, mentioned_issues, closed_issues, mentioned_shas, mentioned_keys,
    {{ meets('title', 'hotfix_title_pattern') }} as is_hotfix_title, paths,
    record_id, null::timestamptz as source_updated_at, cast_loss_count + {{ token_loss('author') }} as cast_loss_count
from first_seen
cross join {{ source('config', 'rules') }} as rules
{{ join_tokens('author') }}
