-- Grain: one row per repository that is one service; what happens there happens to that service.
select repository, min(service_id) as service_id
from {{ ref('int_services') }}
group by repository
having count(*) = 1
