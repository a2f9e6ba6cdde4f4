-- Grain: one row per deployment: all parts and attempts of one rollout of a service.
-- It ends with the last part that reached users; where none did it is a failed rollout.
select
    deployment_id,
    service_id,
    repository,
    min(environment) as environment,
    is_production,
    min(commit_sha) as commit_sha,
    min(started_at) as started_at,
    coalesce(
        max(finished_at) filter (where state = 'succeeded'),
        max(finished_at) filter (where state = 'failed')
    ) as finished_at,
    case when bool_or(state = 'succeeded') then 'success' else 'failed_rollout' end as outcome,
    bool_or(is_declared_rollback) as is_declared_rollback,
    list(distinct part_id order by part_id) as part_ids,
    list_sort(list_distinct(flatten(list(record_ids order by service_part_id)))) as record_ids,
    list_sort(list_distinct(flatten(list(correction_leaf_indexes order by service_part_id)))) as correction_leaf_indexes
from {{ ref('int_deployment_parts') }}
where deployment_id is not null
group by deployment_id, service_id, repository, is_production
