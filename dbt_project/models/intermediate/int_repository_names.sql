-- Grain: one row per other name of a repository. Its records are kept under the name by which it was first read, and stay
-- there when it is renamed. A name that was two repositories' in turn stands for none of them here.
with listed as (
    select source, repository_id, name, repository, contains(scope, '/') as is_named_by_settings, record_id
    from {{ ref('stg_github__repositories__names') }}
),

kept as (
    select source, repository_id, repository
    from listed
    qualify row_number() over (
        partition by source, repository_id
        order by is_named_by_settings desc, case when is_named_by_settings then -record_id else record_id end
    ) = 1
),

told as (
    select name, count(distinct repository_id) as repository_count
    from listed
    group by name
),

other_names as (
    select distinct listed.name, kept.repository
    from listed
    inner join kept on kept.source = listed.source and kept.repository_id = listed.repository_id
    inner join told on told.name = listed.name
    left join told as told_of_kept on told_of_kept.name = kept.repository
    where listed.name <> kept.repository
        and told.repository_count = 1
        and coalesce(told_of_kept.repository_count, 1) = 1
)

select name, min(repository) as repository
from other_names
group by name
having count(*) = 1
