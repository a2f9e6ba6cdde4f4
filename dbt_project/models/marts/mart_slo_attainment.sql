-- Grain: one row per objective or composite, window, and service or team: every month, the rolling window as of each
-- day, and calendar windows. A team that is withheld in a quarter shows no number of a window that touches it.
with windows as (
    select distinct
        scope_kind,
        scope_id,
        window_start_date,
        window_end_date,
        cast(unnest(generate_series(
            date_trunc('quarter', window_start_date), cast(window_end_date as timestamp), interval 3 months
        )) as date) as period_start
    from {{ ref('int_slo_attainments') }}
    where scope_kind = 'team'
),

withheld as (
    select scope_kind, scope_id, window_start_date, window_end_date, min(reason) as reason
    from windows
    inner join (select * from {{ ref('int_teams_withheld') }} where period_grain = 'quarter') as quarters
        using (scope_kind, scope_id, period_start)
    group by scope_kind, scope_id, window_start_date, window_end_date
)

select
    attainments.slo_id,
    attainments.objective_id,
    attainments.title,
    attainments.is_composite,
    attainments.service_id,
    attainments.organisation,
    attainments.scope_kind,
    attainments.scope_id,
    {{ slo_window_columns('attainments', withholds=true) }},
    withheld.reason as withheld_reason
from {{ ref('int_slo_attainments') }} as attainments
left join withheld
    on withheld.scope_kind = attainments.scope_kind
    and withheld.scope_id = attainments.scope_id
    and withheld.window_start_date = attainments.window_start_date
    and withheld.window_end_date = attainments.window_end_date
order by
    attainments.objective_id, attainments.scope_kind, attainments.scope_id, attainments.window_kind,
    attainments.window_ends_at
