-- Grain: one row per name, in small letters, by which a tool may call a service, and the service that it means. A service's
-- own name is stronger than one that another had, that than a title, and that than the end of a path.
with names as (
    select service_id, lower(service_id) as service_name, 1 as name_rank from {{ ref('int_services') }}
    union all
    select service_id, lower(unnest(former_names)), 2 from {{ ref('int_services') }}
    union all
    select service_id, lower(title), 3 from {{ ref('int_services') }}
    union all
    select service_id, lower(split_part(service_id, '/', -1)), 4 from {{ ref('int_services') }}
)

select service_name, service_id
from names
where service_name is not null
qualify row_number() over (partition by service_name order by name_rank, service_id) = 1
