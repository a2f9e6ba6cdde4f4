-- Grain: one row per objective or composite and window, with the owner of its service when the window ended.
with windows as (
    select *
    from {{ ref('int_slo_attainments') }}
    where scope_kind = 'service'
),

records as (
    select
        windows.objective_id,
        windows.window_kind,
        windows.window_ends_at,
        list_sort(list_distinct(list(records.record_id))) as record_ids
    from windows
    inner join {{ ref('int_slo_records') }} as records
        on records.objective_id = windows.objective_id
        and records.starts_at < windows.window_ends_at
        and records.ends_at > windows.window_starts_at
    group by windows.objective_id, windows.window_kind, windows.window_ends_at
)

select
    windows.objective_id || ':' || windows.window_kind || ':' || {{ epoch_seconds('windows.window_ends_at') }}
        as slo_window_id,
    windows.slo_id,
    windows.objective_id,
    windows.title,
    windows.is_composite,
    windows.service_id,
    owners.team_id,
    coalesce(owners.team_path, []) as team_path,
    windows.organisation,
    {{ slo_window_columns('windows') }},
    coalesce(records.record_ids, []) as record_ids,
    cast([] as bigint[]) as context_record_ids
from windows
left join records
    on records.objective_id = windows.objective_id
    and records.window_kind = windows.window_kind
    and records.window_ends_at = windows.window_ends_at
{{ join_owners('windows.service_id', 'windows.last_known_at') }}
order by windows.objective_id, windows.window_kind, windows.window_ends_at
