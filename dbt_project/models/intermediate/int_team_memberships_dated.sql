-- Grain: one row per person, team and span of time in which their share and the team's ancestors stood still.
with assignments as (
    select person_token, team_id, fte_units, source_kind, valid_from, valid_until
    from {{ ref('int_team_assignments') }}
    where team_id is not null
),

boundaries as (
    select person_token, team_id, valid_from as boundary_at from assignments
    union
    select person_token, team_id, valid_until as boundary_at from assignments
    union
    select assignments.person_token, assignments.team_id, paths.valid_from as boundary_at
    from assignments
    inner join {{ ref('int_team_paths') }} as paths
        on paths.team_id = assignments.team_id
        and paths.valid_from > assignments.valid_from
        and paths.valid_from < assignments.valid_until
    union
    select assignments.person_token, assignments.team_id, paths.valid_until as boundary_at
    from assignments
    inner join {{ ref('int_team_paths') }} as paths
        on paths.team_id = assignments.team_id
        and paths.valid_until > assignments.valid_from
        and paths.valid_until < assignments.valid_until
),

spans as (
    select
        person_token,
        team_id,
        boundary_at as valid_from,
        lead(boundary_at) over (partition by person_token, team_id order by boundary_at) as valid_until
    from boundaries
    qualify lead(boundary_at) over (partition by person_token, team_id order by boundary_at) is not null
),

placed as (
    select
        spans.person_token,
        spans.team_id,
        coalesce(paths.team_path, [spans.team_id]) as team_path,
        spans.valid_from,
        spans.valid_until,
        assignments.fte_units,
        assignments.source_kind
    from spans
    inner join assignments
        on assignments.person_token = spans.person_token
        and assignments.team_id = spans.team_id
        and assignments.valid_from <= spans.valid_from
        and assignments.valid_until > spans.valid_from
    left join {{ ref('int_team_paths') }} as paths
        on paths.team_id = spans.team_id
        and paths.valid_from <= spans.valid_from
        and paths.valid_until > spans.valid_from
)

select
    person_token,
    team_id,
    team_path,
    valid_from,
    valid_until,
    cast(cast(fte_units as decimal(9, 0)) * cast(0.0001 as decimal(5, 4)) as decimal(5, 4)) as fte_ratio,
    source_kind
from (
    {{ merged_spans('placed', 'person_token, team_id', ['team_path', 'fte_units', 'source_kind']) }}
)
