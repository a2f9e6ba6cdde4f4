-- Grain: one row per objective or composite, window, and service or team: every month, the rolling window as of each
-- day, and calendar windows.
select
    attainments.slo_id,
    attainments.objective_id,
    attainments.title,
    attainments.is_composite,
    attainments.service_id,
    attainments.organisation,
    attainments.scope_kind,
    attainments.scope_id,
    {{ slo_window_columns('attainments') }}
from {{ ref('int_slo_attainments') }} as attainments
order by
    attainments.objective_id, attainments.scope_kind, attainments.scope_id, attainments.window_kind,
    attainments.window_ends_at
