-- Grain: one row per work item of any source, as the source has it: issues of GitHub and Jira. Pull requests are none.
-- What a correction in force says of its type holds.
with collected as (
    select
        'github:' || source || ':issue:' || issue_id as work_item_id,
        'github' as source_kind,
        source,
        repository || '#' || number as item_key,
        repository as project_key,
        repository,
        number,
        cast(null as bigint) as jira_issue_id,
        cast(null as varchar) as type_name,
        cast(null as varchar) as priority_name,
        false as is_subtask,
        coalesce(labels, []) as labels,
        cast([] as varchar[]) as component_names,
        '' as component_key,
        state,
        state_reason,
        cast(null as bigint) as status_id,
        author_token,
        coalesce(is_author_bot, false) as is_bot,
        created_at,
        closed_at,
        false as is_deleted,
        record_id
    from {{ ref('stg_github__issues') }}
    where not coalesce(is_pull_request, false)
    union all
    select
        'jira:' || source || ':issue:' || issue_id as work_item_id,
        'jira' as source_kind,
        source,
        issue_key as item_key,
        project_key,
        cast(null as varchar) as repository,
        try_cast(split_part(issue_key, '-', -1) as bigint) as number,
        issue_id as jira_issue_id,
        issue_type_name as type_name,
        priority_name,
        coalesce(is_subtask, false) as is_subtask,
        coalesce(labels, []) as labels,
        list_sort(coalesce(component_names, [])) as component_names,
        array_to_string(list_sort(coalesce(component_names, [])), chr(31)) as component_key,
        case when status_category_key = 'done' then 'closed' else 'open' end as state,
        resolution_name as state_reason,
        status_id,
        creator_token as author_token,
        coalesce(is_creator_bot, false) as is_bot,
        created_at,
        resolved_at as closed_at,
        coalesce(is_deleted, false) as is_deleted,
        record_id
    from {{ ref('stg_jira__current_issues') }}
)

select
    collected.* replace ({{ corrected('issue_type', 'collected.type_name') }} as type_name),
    coalesce(corrections.leaf_indexes, []) as correction_leaf_indexes
from collected
{{ join_corrections('issue', 'collected.work_item_id') }}
