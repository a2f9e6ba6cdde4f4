-- Grain: one row per name, in small letters, by which a tool may call a service, and the service that it means.
with names as (
    select service_id, lower(service_id) as service_name from {{ ref('int_services') }}
    union
    select service_id, lower(title) as service_name from {{ ref('int_services') }}
    union
    select service_id, lower(split_part(service_id, '/', -1)) as service_name from {{ ref('int_services') }}
    union
    select service_id, lower(unnest(former_names)) as service_name from {{ ref('int_services') }}
)

select service_name, min(service_id) as service_id
from names
where service_name is not null
group by service_name
