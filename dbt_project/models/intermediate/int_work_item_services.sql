-- Grain: one row per project and set of components: the service whose work items those are.
-- A component says more than a project, both together say most; a component that is called like a service means it.
with combinations as (
    select distinct project_key, component_key, component_names
    from {{ ref('int_work_items_collected') }}
),

components as (
    select project_key, component_key, unnest(component_names) as component_name
    from combinations
),

scopes as (
    select service_id, project_key, component_name
    from {{ source('config', 'work_item_scopes') }}
    where service_id is not null
),

called_like as (
    select service_id, lower(service_id) as component_name from {{ ref('int_services') }}
    union
    select service_id, lower(title) as component_name from {{ ref('int_services') }}
    union
    select service_id, lower(unnest(former_names)) as component_name from {{ ref('int_services') }}
),

candidates as (
    select components.project_key, components.component_key, scopes.service_id, 1 as precedence
    from components
    inner join scopes
        on scopes.project_key = components.project_key and scopes.component_name = components.component_name
    union all
    select components.project_key, components.component_key, scopes.service_id, 2 as precedence
    from components
    inner join scopes on scopes.component_name = components.component_name
    where scopes.project_key is null
    union all
    select components.project_key, components.component_key, called_like.service_id, 3 as precedence
    from components
    inner join called_like on called_like.component_name = lower(components.component_name)
    union all
    select combinations.project_key, combinations.component_key, scopes.service_id, 4 as precedence
    from combinations
    inner join scopes on scopes.project_key = combinations.project_key
    where scopes.component_name is null
)

select project_key, component_key, service_id, precedence
from candidates
qualify row_number() over (partition by project_key, component_key order by precedence, service_id) = 1
