-- Grain: one row per service. Without configured services every repository is one.
with configured as (
    select
        services.service_id, services.title, services.former_names,
        coalesce(names.repository, services.repository) as repository,
        services.path_patterns, services.deployments_from, services.environment_pattern, services.task_pattern,
        services.workflow_pattern, services.tag_pattern
    from {{ source('config', 'services') }} as services
    left join {{ ref('int_repository_names') }} as names on names.name = services.repository
),

repositories as (
    select coalesce(names.repository, served.repository) as repository, true as is_served
    from {{ ref('stg_github__repositories') }} as served
    left join {{ ref('int_repository_names') }} as names on names.name = served.repository
    union all
    select repository, false as is_served from {{ ref('stg_git__commits') }}
),

implied as (
    select
        repository as service_id,
        repository as title,
        cast([] as varchar[]) as former_names,
        repository,
        ['**'] as path_patterns,
        case when bool_or(is_served) then 'deployments' else 'tags' end as deployments_from
    from repositories
    where not exists (select 1 from configured)
    group by repository
),

services as (
    select * from configured
    union all
    select
        service_id, title, former_names, repository, path_patterns, deployments_from,
        cast(null as varchar), cast(null as varchar), cast(null as varchar), cast(null as varchar)
    from implied
)

select
    service_id,
    coalesce(title, service_id) as title,
    coalesce(former_names, []) as former_names,
    repository,
    coalesce(path_patterns, ['**']) as path_patterns,
    coalesce(len(path_patterns) = 0 or list_contains(path_patterns, '**'), true) as is_whole_repository,
    coalesce(deployments_from, 'deployments') as deployments_from,
    environment_pattern,
    task_pattern,
    coalesce(workflow_pattern, '(?i)deploy') as workflow_pattern,
    coalesce(tag_pattern, '^v?\d+') as tag_pattern
from services
