-- Grain: one row per project, set of components and span of time: the team that work items of no owned service belong to.
with combinations as (
    select distinct project_key, component_key, component_names
    from {{ ref('int_work_items_collected') }}
),

components as (
    select project_key, component_key, unnest(component_names) as component_name
    from combinations
),

scopes as (
    select
        team_id,
        project_key,
        component_name,
        coalesce(valid_from, {{ beginning_of_time() }}) as valid_from,
        coalesce(valid_until, {{ end_of_time() }}) as valid_until
    from {{ source('config', 'work_item_scopes') }}
    where team_id is not null and board_name is null
),

spells as (
    select components.project_key, components.component_key, scopes.team_id, scopes.valid_from, scopes.valid_until,
        1 as precedence
    from components
    inner join scopes
        on scopes.project_key = components.project_key and scopes.component_name = components.component_name
    union all
    select components.project_key, components.component_key, scopes.team_id, scopes.valid_from, scopes.valid_until,
        2 as precedence
    from components
    inner join scopes on scopes.component_name = components.component_name
    where scopes.project_key is null
    union all
    select combinations.project_key, combinations.component_key, scopes.team_id, scopes.valid_from,
        scopes.valid_until, 3 as precedence
    from combinations
    inner join scopes on scopes.project_key = combinations.project_key
    where scopes.component_name is null
),

boundaries as (
    select project_key, component_key, valid_from as boundary_at from spells
    union
    select project_key, component_key, valid_until as boundary_at from spells
    union
    select spells.project_key, spells.component_key, paths.valid_from as boundary_at
    from spells
    inner join {{ ref('int_team_paths') }} as paths on paths.team_id = spells.team_id
    union
    select spells.project_key, spells.component_key, paths.valid_until as boundary_at
    from spells
    inner join {{ ref('int_team_paths') }} as paths on paths.team_id = spells.team_id
),

spans as (
    select
        project_key,
        component_key,
        boundary_at as valid_from,
        lead(boundary_at) over (partition by project_key, component_key order by boundary_at) as valid_until
    from boundaries
    qualify lead(boundary_at) over (partition by project_key, component_key order by boundary_at) is not null
),

placed as (
    select spans.project_key, spans.component_key, spans.valid_from, spans.valid_until, spells.team_id
    from spans
    inner join spells
        on spells.project_key = spans.project_key
        and spells.component_key = spans.component_key
        and spells.valid_from <= spans.valid_from
        and spells.valid_until > spans.valid_from
    qualify row_number() over (
        partition by spans.project_key, spans.component_key, spans.valid_from
        order by spells.precedence, spells.valid_from desc, spells.team_id
    ) = 1
)

select
    placed.project_key,
    placed.component_key,
    placed.team_id,
    coalesce(paths.team_path, [placed.team_id]) as team_path,
    placed.valid_from,
    placed.valid_until
from placed
left join {{ ref('int_team_paths') }} as paths
    on paths.team_id = placed.team_id
    and paths.valid_from <= placed.valid_from
    and paths.valid_until > placed.valid_from
