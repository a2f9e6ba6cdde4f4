-- Grain: one row per service and span of time in which its owner and that team's ancestors stood still.
with owners as (
    select service_id, team_id, source_kind, valid_from, valid_until
    from {{ ref('int_service_owner_claims') }}
    where claim_number = 1
),

boundaries as (
    select service_id, valid_from as boundary_at from owners
    union
    select service_id, valid_until as boundary_at from owners
    union
    select owners.service_id, greatest(paths.valid_from, owners.valid_from) as boundary_at
    from owners
    inner join {{ ref('int_team_paths') }} as paths on paths.team_id = owners.team_id
    union
    select owners.service_id, least(paths.valid_until, owners.valid_until) as boundary_at
    from owners
    inner join {{ ref('int_team_paths') }} as paths on paths.team_id = owners.team_id
),

spans as (
    select
        service_id,
        boundary_at as valid_from,
        lead(boundary_at) over (partition by service_id order by boundary_at) as valid_until
    from boundaries
    qualify lead(boundary_at) over (partition by service_id order by boundary_at) is not null
),

placed as (
    select
        spans.service_id,
        owners.team_id,
        coalesce(paths.team_path, [owners.team_id]) as team_path,
        owners.source_kind,
        spans.valid_from,
        spans.valid_until
    from spans
    inner join owners
        on owners.service_id = spans.service_id
        and owners.valid_from <= spans.valid_from
        and owners.valid_until > spans.valid_from
    left join {{ ref('int_team_paths') }} as paths
        on paths.team_id = owners.team_id
        and paths.valid_from <= spans.valid_from
        and paths.valid_until > spans.valid_from
)

select service_id, team_id, team_path, valid_from, valid_until, source_kind
from (
    {{ merged_spans('placed', 'service_id', ['team_id', 'team_path', 'source_kind']) }}
)
