-- Grain: one row per scope and whole month or quarter: what DORA's survey would be answered, from 1 (slowest) to 6.
-- A period without deployments gives no answer about their frequency: it is too short to tell months from half years.
with cells as (
    select
        scope_kind, scope_id, period_grain, period_start, period_end,
        {% for metric in five_metrics() %}
        max(value) filter (where metric = '{{ metric }}') as {{ metric }},
        max(n) filter (where metric = '{{ metric }}') as {{ metric }}_n{{ ',' if not loop.last }}
        {% endfor %}
    from {{ ref('mart_metric_values') }}
    where period_grain in ('month', 'quarter') and not is_partial
    group by scope_kind, scope_id, period_grain, period_start, period_end
),

answerable as (
    select cells.*, withheld.reason as withheld_reason
    from cells
    {{ join_withheld('cells', 'cells.period_grain') | indent(4) }}
)

select
    scope_kind, scope_id, period_grain, period_start, period_end, withheld_reason,
    {% for metric in five_metrics() %}
    {{ metric }}, {{ metric }}_n,
    {% endfor %}
    cast(case
        when coalesce(deployment_frequency, 0) = 0 then null
        when deployment_frequency >= 2 * (period_end - period_start) then 6
        when deployment_frequency >= period_end - period_start then 5
        when 7 * deployment_frequency >= period_end - period_start then 4
        when 365 * deployment_frequency >= 12 * (period_end - period_start) then 3
        when 365 * deployment_frequency >= 2 * (period_end - period_start) then 2
        else 1
    end as decimal(9, 6)) as deployment_frequency_step,
    {% for metric in ['change_lead_time', 'failed_deployment_recovery_time'] %}
    cast(case
        when {{ metric }} < 3600 then 6
        when {{ metric }} < 86400 then 5
        when {{ metric }} < 7 * 86400 then 4
        when {{ metric }} < 365 * 86400 / 12 then 3
        when {{ metric }} < 365 * 86400 / 2 then 2
        when {{ metric }} is not null then 1
    end as decimal(9, 6)) as {{ metric }}_step{{ ',' if not loop.last }}
    {% endfor %}
from answerable
