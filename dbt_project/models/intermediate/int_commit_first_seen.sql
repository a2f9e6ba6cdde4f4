-- Grain: one row per repository and commit that a check of a push or a pull request proves a server to have had.
-- A check of a pull request's head also proves the commits before it. A run that a person, a clock or a release starts
-- says nothing of the push: it may come days later.
with checked_heads as (
    select
        source,
        repository,
        head_sha as commit_sha,
        min({'seen_at': created_at, 'record_id': record_id}) as sighting
    from {{ ref('stg_github__workflow_runs') }}
    where head_sha is not null
        and created_at is not null
        and event in ('push', 'pull_request', 'pull_request_target')
    group by source, repository, head_sha
),

pull_request_sightings as (
    select
        own.repository,
        own.commit_sha,
        min(checked_heads.sighting) over (
            partition by own.source, own.repository, own.pull_request_number
            order by own.position desc
            rows between unbounded preceding and current row
        ) as sighting
    from {{ ref('stg_github__pull_request_commits') }} as own
    left join checked_heads
        on checked_heads.source = own.source
        and checked_heads.repository = own.repository
        and checked_heads.commit_sha = own.commit_sha
),

sightings as (
    select repository, commit_sha, sighting from checked_heads
    union all
    select repository, commit_sha, sighting from pull_request_sightings
    where sighting is not null
)

select
    repository,
    commit_sha,
    min(sighting).seen_at as seen_at,
    min(sighting).record_id as record_id
from sightings
group by repository, commit_sha
