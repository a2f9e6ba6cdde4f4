-- One row per commit of a pull request, as its newest complete list of commits has it: a force push replaces all.
{{ config(
    incremental_strategy='current_set', unique_key=['source', 'repository', 'pull_request_number', 'commit_sha']
) }}

{% set columns = api_commit_columns() + [('pull_request_number', 'parent_key', 'bigint')] %}

with records as (
    {{ records_of_changed_sets('github', 'pull_request_commits', api_commit_structure(), ['commits']) }}
),

commits as (
    select
        source, scope as repository, record_id, page_position, ordinal,
        {{ typed(columns) }}
        len(coalesce(record.parents, [])) as parent_count,
        {{ api_commit_account() }} as author_account,
        {{ reverted_sha_references('record.commit.message') }} as reverted_shas,
        {{ issue_references('record.commit.message', 'scope') }} as mentioned_issues,
        {{ key_references("coalesce(record.commit.message, '')") }} as mentioned_keys,
        {{ cast_losses(columns, api_commit_losses()) }} as cast_loss_count
    from records
),

set_members as (
    select * from commits
    {{ once_in_its_set('repository, pull_request_number', 'commit_sha') }}
)

select
    source, repository, pull_request_number, commit_sha,
    (row_number() over (
        partition by source, repository, pull_request_number order by page_position, ordinal
    ))::integer as position,
    parent_count::integer as parent_count, authored_at, committed_at, {{ token_columns('author') }},
    reverted_shas, mentioned_issues, mentioned_keys,
    record_id, null::timestamptz as source_updated_at, cast_loss_count + {{ token_loss('author') }} as cast_loss_count
from set_members
{{ join_tokens('author') }}
