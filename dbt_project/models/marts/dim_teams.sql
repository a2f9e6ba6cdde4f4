-- Grain: one row per team and span of time with the same ancestors.
select
    paths.team_id,
    coalesce(titles.title, paths.team_id) as title,
    paths.team_path[2] as parent_team_id,
    paths.team_path,
    reporting.organisation,
    min(paths.valid_from) as valid_from,
    max(paths.valid_until) as valid_until
from (
    select
        *,
        count_if(is_new) over (partition by team_id order by valid_from) as standing
    from (
        select
            *,
            lag(team_path) over (partition by team_id order by valid_from) is distinct from team_path
                or lag(valid_until) over (partition by team_id order by valid_from) is distinct from valid_from
                as is_new
        from {{ ref('int_team_paths') }}
    ) as compared
) as paths
cross join {{ ref('int_reporting') }} as reporting
left join (
    select team_id, title
    from {{ source('config', 'teams') }}
    qualify row_number() over (partition by team_id order by valid_from desc, title) = 1
) as titles on titles.team_id = paths.team_id
group by paths.team_id, titles.title, paths.team_path, reporting.organisation, paths.standing
order by paths.team_id, valid_from
