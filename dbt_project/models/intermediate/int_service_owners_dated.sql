-- Grain: one row per service and span of time in which its owner and that team's ancestors stood still.
with spells as (
    select
        service_id,
        team_id,
        coalesce(valid_from, timestamptz '0001-01-01 00:00:00+00') as valid_from,
        coalesce(valid_until, timestamptz '9999-12-31 00:00:00+00') as valid_until
    from {{ source('config', 'service_owners') }}
),

boundaries as (
    select service_id, valid_from as boundary_at from spells
    union
    select service_id, valid_until as boundary_at from spells
    union
    select spells.service_id, paths.valid_from as boundary_at
    from spells
    inner join {{ ref('int_team_paths') }} as paths on paths.team_id = spells.team_id
    union
    select spells.service_id, paths.valid_until as boundary_at
    from spells
    inner join {{ ref('int_team_paths') }} as paths on paths.team_id = spells.team_id
),

spans as (
    select
        service_id,
        boundary_at as valid_from,
        lead(boundary_at) over (partition by service_id order by boundary_at) as valid_until
    from boundaries
    qualify lead(boundary_at) over (partition by service_id order by boundary_at) is not null
),

owners as (
    select spans.service_id, spells.team_id, spans.valid_from, spans.valid_until
    from spans
    inner join spells
        on spells.service_id = spans.service_id
        and spells.valid_from <= spans.valid_from
        and spells.valid_until > spans.valid_from
    qualify row_number() over (
        partition by spans.service_id, spans.valid_from order by spells.valid_from desc, spells.team_id
    ) = 1
)

select
    owners.service_id,
    owners.team_id,
    coalesce(paths.team_path, [owners.team_id]) as team_path,
    owners.valid_from,
    owners.valid_until
from owners
left join {{ ref('int_team_paths') }} as paths
    on paths.team_id = owners.team_id
    and paths.valid_from <= owners.valid_from
    and paths.valid_until > owners.valid_from
