-- Grain: one row per change and service whose paths it touches; a change that no service owns has one row without
-- service. Where paths are not known, every service of a shared repository has the row, and it is marked.
with restricted_services as (
    select service_id, repository, path_patterns
    from {{ ref('int_services') }}
    where not is_whole_repository
),

patterns as (
    select service_id, repository, {{ path_pattern_regex('pattern') }} as path_regex
    from (
        select service_id, repository, unnest(path_patterns) as pattern
        from restricted_services
    ) as listed
),

paths as (
    select distinct repository, path
    from (
        select changes.repository, unnest(changes.paths) as path
        from {{ ref('int_changes') }} as changes
        where changes.repository in (select repository from restricted_services)
    ) as listed
),

owned_paths as (
    select distinct paths.repository, paths.path, patterns.service_id
    from paths
    inner join patterns
        on patterns.repository = paths.repository and regexp_matches(paths.path, patterns.path_regex)
),

touched as (
    select distinct changes.repository, changes.commit_sha, owned_paths.service_id
    from (
        select repository, commit_sha, unnest(paths) as path
        from {{ ref('int_changes') }}
    ) as changes
    inner join owned_paths
        on owned_paths.repository = changes.repository and owned_paths.path = changes.path
),

owned as (
    select changes.repository, changes.commit_sha, services.service_id, false as is_path_unknown
    from {{ ref('int_changes') }} as changes
    inner join {{ ref('int_services') }} as services
        on services.repository = changes.repository and services.is_whole_repository
    union all
    select repository, commit_sha, service_id, false as is_path_unknown
    from touched
    union all
    select changes.repository, changes.commit_sha, restricted_services.service_id, true as is_path_unknown
    from {{ ref('int_changes') }} as changes
    inner join restricted_services on restricted_services.repository = changes.repository
    where changes.paths is null
)

select
    changes.repository,
    changes.commit_sha,
    changes.carrier_sha,
    owned.service_id,
    coalesce(owned.is_path_unknown, false) as is_path_unknown
from {{ ref('int_changes') }} as changes
left join owned
    on owned.repository = changes.repository and owned.commit_sha = changes.commit_sha
