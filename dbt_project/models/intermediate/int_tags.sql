-- Grain: one row per repository and tag. A tag that only the API knows has no time: its commit's time stands in.
with cloned as (
    select *
    from {{ ref('stg_git__tags') }}
    qualify row_number() over (partition by repository, tag_name order by record_id desc) = 1
),

served as (
    select *
    from {{ ref('stg_github__tags') }}
    qualify row_number() over (partition by repository, tag_name order by record_id desc) = 1
),

tags as (
    select
        coalesce(cloned.repository, served.repository) as repository,
        coalesce(cloned.tag_name, served.tag_name) as tag_name,
        coalesce(cloned.commit_sha, served.commit_sha) as commit_sha,
        cloned.created_at,
        cloned.tag_name is not null as is_cloned,
        served.source as api_source,
        {{ ordered_ids(['cloned.record_id', 'served.record_id']) }} as record_ids
    from cloned
    full join served
        on served.repository = cloned.repository and served.tag_name = cloned.tag_name
)

select
    tags.repository,
    tags.tag_name,
    tags.commit_sha,
    coalesce(tags.created_at, commits.committer_at) as created_at,
    case
        when tags.is_cloned then 'git:' || tags.repository || ':tag:' || tags.tag_name
        else 'github:' || tags.api_source || ':tag:' || tags.repository || ':' || tags.tag_name
    end as tag_id,
    tags.record_ids
from tags
left join {{ ref('int_commits') }} as commits
    on commits.repository = tags.repository and commits.commit_sha = tags.commit_sha
