-- Grain: one row per metric, scope and period from the scope's first deployment to the end of the covered range.
-- A period without facts is a zero for a count and empty, with n = 0, for everything else. DEFINITIONS §2.4.
with nothing as (
    select lower, upper from {{ source('computed', 'poisson_bounds') }} where event_count = 0
),

cells as (
    select
        metrics.metric,
        metrics.metric_version,
        metrics.profile,
        metrics.unit,
        metrics.minimum_n,
        metrics.measure_kind in ('count', 'count_distinct') as is_count,
        metrics.measure_kind = 'ratio' as is_ratio,
        metrics.interval_kind = 'poisson' as is_poisson,
        metrics.is_maturing and periods.is_link_window_open as is_maturing,
        scopes.scope_kind,
        scopes.scope_id,
        periods.period_grain,
        periods.period_start,
        periods.period_end,
        periods.is_partial
    from {{ ref('dim_metrics') }} as metrics
    cross join {{ ref('int_metric_scopes') }} as scopes
    inner join {{ ref('int_reporting_periods') }} as periods on periods.period_end > scopes.first_date
),

valued as (
    select
        cells.*,
        coalesce(facts.value, case when cells.is_count then 0 end) as value,
        coalesce(facts.numerator, case when cells.is_count or cells.is_ratio then 0 end) as numerator,
        coalesce(facts.denominator, case when cells.is_ratio then 0 end) as denominator,
        coalesce(facts.n, 0) as n,
        coalesce(facts.interval_low, case when cells.is_poisson then nothing.lower end) as interval_low,
        coalesce(facts.interval_high, case when cells.is_poisson then nothing.upper end) as interval_high
    from cells
    left join {{ ref('int_metric_cells') }} as facts
        on facts.metric = cells.metric
        and facts.scope_kind = cells.scope_kind
        and facts.scope_id = cells.scope_id
        and facts.period_grain = cells.period_grain
        and facts.period_start = cells.period_start
    cross join nothing
)

select
    metric,
    metric_version,
    profile,
    scope_kind,
    scope_id,
    period_grain,
    period_start,
    period_end,
    cast(value as {{ metric_type() }}) as value,
    cast(numerator as bigint) as numerator,
    cast(denominator as bigint) as denominator,
    cast(n as bigint) as n,
    cast(interval_low as {{ metric_type() }}) as interval_low,
    cast(interval_high as {{ metric_type() }}) as interval_high,
    unit,
    is_partial,
    is_maturing,
    list_filter(
        [
            case when is_partial then 'partial' end,
            case when is_maturing then 'maturing' end,
            case when n < minimum_n then 'below_minimum_n' end
        ],
        lambda flag: flag is not null
    ) as flags
from valued
order by metric, scope_kind, scope_id, period_grain, period_start
