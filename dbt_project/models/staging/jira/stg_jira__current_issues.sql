-- One row per issue that was ever read, with its key as it is now and whether it is still there.
{{ config(materialized='view') }}

with newest_listings as (
    select source, scope as project_key, max(started_at) as listed_at
    from {{ source('raw', 'fetch_windows') }}
    where kind = 'jira' and stream = 'issue_keys'
    group by source, scope
),

listed as (
    select source, issue_id, max(issue_key) as issue_key
    from {{ ref('stg_jira__issue_keys') }}
    group by source, issue_id
)

select
    issues.* replace (coalesce(listed.issue_key, issues.issue_key) as issue_key),
    coalesce(listed.issue_id is null and newest_listings.listed_at > pages.fetched_at, false) as is_deleted
from {{ ref('stg_jira__issues') }} as issues
inner join {{ source('raw', 'evidence_pages') }} as pages on pages.log_index = issues.record_id >> 23
left join listed on listed.source = issues.source and listed.issue_id = issues.issue_id
left join newest_listings
    on newest_listings.source = issues.source and newest_listings.project_key = issues.project_key
