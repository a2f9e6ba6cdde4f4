-- Grain: one row per service and tag that releases it.
select
    tags.tag_id as part_id,
    services.service_id,
    tags.repository,
    'production' as environment,
    true as is_production,
    tags.commit_sha,
    tags.tag_name,
    tags.created_at as started_at,
    tags.created_at as finished_at,
    'succeeded' as state,
    false as is_declared_rollback,
    tags.record_ids
from {{ ref('int_tags') }} as tags
inner join {{ ref('int_services') }} as services
    on services.repository = tags.repository
    and services.deployments_from = 'tags'
    and regexp_matches(tags.tag_name, services.tag_pattern)
where tags.created_at is not null
