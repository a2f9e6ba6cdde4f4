-- Grain: one row per service and published release of it.
select
    'github:' || releases.source || ':release:' || releases.release_id as part_id,
    services.service_id,
    releases.repository,
    case when releases.is_prerelease then 'prerelease' else 'production' end as environment,
    not coalesce(releases.is_prerelease, false) as is_production,
    tags.commit_sha,
    releases.tag_name,
    releases.published_at as started_at,
    releases.published_at as finished_at,
    'succeeded' as state,
    false as is_declared_rollback,
    list_concat([releases.record_id], coalesce(tags.record_ids, [])) as record_ids
from {{ ref('stg_github__releases') }} as releases
inner join {{ ref('int_services') }} as services
    on services.repository = releases.repository
    and services.deployments_from = 'releases'
    and regexp_matches(releases.tag_name, services.tag_pattern)
left join {{ ref('int_tags') }} as tags
    on tags.repository = releases.repository and tags.tag_name = releases.tag_name
where not coalesce(releases.is_draft, false) and releases.published_at is not null
