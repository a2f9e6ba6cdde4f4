-- Grain: one row per team and span of time with the same ancestors.
select
    paths.team_id,
    coalesce(titles.title, paths.team_id) as title,
    paths.team_path[2] as parent_team_id,
    paths.team_path,
    reporting.organisation,
    paths.valid_from,
    paths.valid_until
from {{ ref('int_team_paths') }} as paths
cross join {{ ref('int_reporting') }} as reporting
left join (
    select team_id, title
    from {{ source('config', 'teams') }}
    qualify row_number() over (partition by team_id order by valid_from desc, title) = 1
) as titles on titles.team_id = paths.team_id
order by paths.team_id, paths.valid_from
