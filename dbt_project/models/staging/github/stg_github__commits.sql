-- One row per commit of a repository, as the API first gave it: a commit never changes.
{{ config(
    incremental_strategy='first_version', unique_key=['source', 'repository', 'commit_sha'],
    pre_hook="{{ set_rule_variables(['hotfix_title_pattern']) }}"
) }}

{% set columns = api_commit_columns() %}

with records as (
    {{ records_in(source('raw', 'github__commits__new'), api_commit_structure()) }}
),

commits as (
    select
        source, scope as repository, record_id,
        {{ typed(columns) }}
        coalesce(list_transform(record.parents, lambda parent: parent.sha), []) as parent_shas,
        {{ api_commit_account() }} as author_account,
        split_part(record.commit.message, chr(10), 1) as title,
        {{ reverted_sha_references('record.commit.message') }} as reverted_shas,
        {{ cherry_picked_sha_references('record.commit.message') }} as cherry_picked_shas,
        {{ issue_references('record.commit.message', 'scope') }} as mentioned_issues,
        {{ closing_references('record.commit.message', 'scope') }} as closed_issues,
        {{ sha_references('record.commit.message') }} as mentioned_shas,
        {{ key_references("coalesce(record.commit.message, '')") }} as mentioned_keys,
        {{ cast_losses(columns, api_commit_losses()) }} as cast_loss_count
    from records
),

first_seen as (
    {{ first_version('commits', 'repository', 'commit_sha') }}
)

select
    source, repository, commit_sha, parent_shas, authored_at, committed_at, {{ token_columns('author') }},
    reverted_shas, cherry_picked_shas, mentioned_issues, closed_issues, mentioned_shas, mentioned_keys,
    {{ meets('title', 'hotfix_title_pattern') }} as is_hotfix_title,
    record_id, null::timestamptz as source_updated_at, cast_loss_count + {{ token_loss('author') }} as cast_loss_count
from first_seen
cross join {{ source('config', 'rules') }} as rules
{{ join_tokens('author') }}
