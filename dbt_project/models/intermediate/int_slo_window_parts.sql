-- Grain: one row per window, scope and span of time that counts for the scope: for the service all of it; for a team and
-- its ancestors the part of a month in which the team owned the service, and the windows that ended under it.
with scoped as (
    select
        windows.*,
        'service' as scope_kind,
        windows.service_id as scope_id,
        windows.window_starts_at as part_starts_at,
        windows.window_ends_at as part_ends_at
    from {{ ref('int_slo_windows') }} as windows
    union all
    select
        windows.*,
        'team' as scope_kind,
        unnest(owners.team_path) as scope_id,
        greatest(windows.window_starts_at, owners.valid_from) as part_starts_at,
        least(windows.window_ends_at, owners.valid_until) as part_ends_at
    from {{ ref('int_slo_windows') }} as windows
    inner join {{ ref('int_service_owners_dated') }} as owners
        on owners.service_id = windows.service_id
        and owners.valid_from < windows.window_ends_at
        and owners.valid_until > windows.window_starts_at
    where windows.window_kind = 'month'
    union all
    select
        windows.*,
        'team' as scope_kind,
        unnest(owners.team_path) as scope_id,
        windows.window_starts_at as part_starts_at,
        windows.window_ends_at as part_ends_at
    from {{ ref('int_slo_windows') }} as windows
    {{ join_owners('windows.service_id', 'windows.last_known_at') }}
    where windows.window_kind <> 'month'
),

cut as (
    select
        *,
        {{ slice_from('part_starts_at', 'slice_seconds') }} as part_first_slice,
        {{ slice_from('part_ends_at', 'slice_seconds') }} as part_next_slice
    from scoped
)

select
    *,
    least(greatest(part_first_slice, first_slice), last_slice + 1) as first_known_slice,
    greatest(least(part_next_slice, last_slice + 1), least(greatest(part_first_slice, first_slice), last_slice + 1))
        as next_known_slice,
    greatest(0, part_next_slice - greatest(part_first_slice, last_slice + 1)) as slices_to_come,
    greatest(0, least(part_next_slice, first_slice) - part_first_slice) as slices_before
from cut
