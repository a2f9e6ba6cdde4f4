-- Grain: one row per team and span of time in which its ancestors stood still: the team, then its ancestors.
-- Of several statements on a team's place the one of the source that is believed first counts, and of one source's
-- the one that began last.
with recursive spells as (
    select team_id, parent_team_id, is_placed, source_rank, source, valid_from, valid_until
    from {{ ref('int_team_placements') }}
),

boundaries as (
    select valid_from as boundary_at from spells
    union
    select valid_until as boundary_at from spells
),

spans as (
    select boundary_at as valid_from, lead(boundary_at) over (order by boundary_at) as valid_until
    from boundaries
    qualify lead(boundary_at) over (order by boundary_at) is not null
),

standing as (
    select spells.team_id, spells.parent_team_id, spans.valid_from, spans.valid_until
    from spans
    inner join spells
        on spells.valid_from <= spans.valid_from and spells.valid_until > spans.valid_from
    qualify row_number() over (
        partition by spells.team_id, spans.valid_from
        order by not spells.is_placed, spells.source_rank, spells.valid_from desc, spells.parent_team_id, spells.source
    ) = 1
),

climbs as (
    select team_id, valid_from, valid_until, [team_id] as team_path, parent_team_id
    from standing
    union all
    select
        climbs.team_id,
        climbs.valid_from,
        climbs.valid_until,
        list_append(climbs.team_path, standing.team_id) as team_path,
        standing.parent_team_id
    from climbs
    inner join standing
        on standing.team_id = climbs.parent_team_id and standing.valid_from = climbs.valid_from
    where not list_contains(climbs.team_path, standing.team_id)
),

paths as (
    select team_id, valid_from, valid_until, team_path
    from climbs
    qualify row_number() over (partition by team_id, valid_from order by len(team_path) desc) = 1
)

select team_id, valid_from, valid_until, team_path
from (
    {{ merged_spans('paths', 'team_id', ['team_path']) }}
)
