-- Grain: one row per metric, scope and period from the scope's first deployment to the end of the covered range.
-- A week or longer without facts is a zero for a count and empty, with n = 0, for everything else (DEFINITIONS §2.4);
-- a day without facts has no row, so that the days grow with what happened and not with the calendar.
-- A team below the minimum size has its row and the reason, and no number (DEFINITIONS §6); it has no row that is there
-- only because something happened. A metric that has retired has no row of a period that begins on that day or later.
-- A period of which a stream behind the metric was not wholly read is incomplete (docs/reconciliation.md).
with nothing as (
    select lower, upper from {{ source('computed', 'poisson_bounds') }} where event_count = 0
),

periods as (
    select
        scopes.scope_kind,
        scopes.scope_id,
        periods.period_grain,
        periods.period_start,
        periods.period_end,
        periods.is_partial,
        periods.is_link_window_open
    from {{ ref('int_metric_scopes') }} as scopes
    inner join {{ ref('int_reporting_periods') }} as periods on periods.period_end > scopes.first_date
),

placed as (
    select periods.*, metrics.metric
    from periods
    cross join {{ ref('dim_metrics') }} as metrics
    where periods.period_grain <> 'day'
    union all
    select periods.*, facts.metric
    from periods
    inner join {{ ref('int_metric_cells') }} as facts
        on facts.scope_kind = periods.scope_kind
        and facts.scope_id = periods.scope_id
        and facts.period_grain = periods.period_grain
        and facts.period_start = periods.period_start
    {{ unless_row_withheld('periods') | indent(4) }}
    where periods.period_grain = 'day'
    union all
    -- the flow of work, incidents and objectives do not wait for a first deployment
    select
        facts.scope_kind,
        facts.scope_id,
        periods.period_grain,
        periods.period_start,
        periods.period_end,
        periods.is_partial,
        periods.is_link_window_open,
        facts.metric
    from {{ ref('int_metric_cells') }} as facts
    inner join {{ ref('int_reporting_periods') }} as periods
        on periods.period_grain = facts.period_grain and periods.period_start = facts.period_start
    inner join {{ ref('dim_metrics') }} as metrics on metrics.metric = facts.metric
    anti join {{ ref('int_metric_scopes') }} as scopes
        on scopes.scope_kind = facts.scope_kind
        and scopes.scope_id = facts.scope_id
        and scopes.first_date < periods.period_end
    {{ unless_row_withheld('facts') | indent(4) }}
    where metrics.fact_relation in (
        'marts.fct_issues', 'marts.fct_pull_request_reviews', 'marts.fct_incident_response', 'marts.fct_slo_windows'
    )
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
        metrics.is_maturing and placed.is_link_window_open as is_maturing,
        metrics.reads_dispositions,
        metrics.fact_relation,
        placed.scope_kind,
        placed.scope_id,
        placed.period_grain,
        placed.period_start,
        placed.period_end,
        placed.is_partial
    from placed
    inner join {{ ref('dim_metrics') }} as metrics on metrics.metric = placed.metric
    where metrics.retire_on is null or placed.period_start < metrics.retire_on
),

unknown_causes as (
    select scope_kind, scope_id, period_grain, period_start, value, numerator, denominator
    from {{ ref('int_metric_cells') }}
    where metric = 'dispositions_unknown_share'
),

valued as (
    select
        cells.*,
        coalesce(facts.value, case when cells.is_count then 0 end) as value,
        coalesce(facts.numerator, case when cells.is_count or cells.is_ratio then 0 end) as numerator,
        coalesce(facts.denominator, case when cells.is_ratio then 0 end) as denominator,
        coalesce(facts.n, 0) as n,
        coalesce(facts.interval_low, case when cells.is_poisson then nothing.lower end) as interval_low,
        coalesce(facts.interval_high, case when cells.is_poisson then nothing.upper end) as interval_high,
        {{ is_over_gap('cells.period_start', 'cells.period_end') }} as is_incomplete,
        withheld.reason as withheld_reason,
        case when cells.reads_dispositions then unknown_causes.value end as dispositions_unknown_share,
        cells.reads_dispositions
            and 100 * unknown_causes.numerator > rules.dispositions_unknown_percent * unknown_causes.denominator
            as is_cause_unknown
    from cells
    left join {{ ref('int_metric_cells') }} as facts
        on facts.metric = cells.metric
        and facts.scope_kind = cells.scope_kind
        and facts.scope_id = cells.scope_id
        and facts.period_grain = cells.period_grain
        and facts.period_start = cells.period_start
    left join unknown_causes
        on unknown_causes.scope_kind = cells.scope_kind
        and unknown_causes.scope_id = cells.scope_id
        and unknown_causes.period_grain = cells.period_grain
        and unknown_causes.period_start = cells.period_start
    left join {{ ref('int_metric_gaps') }} as gaps_of_scope
        on gaps_of_scope.fact_relation = cells.fact_relation
        and gaps_of_scope.scope_kind = cells.scope_kind
        and gaps_of_scope.scope_id = cells.scope_id
    left join {{ ref('int_metric_gaps') }} as gaps_of_all
        on gaps_of_all.fact_relation = cells.fact_relation and gaps_of_all.scope_kind = ''
    {{ join_withheld('cells', 'cells.period_grain') | indent(4) }}
    cross join nothing
    cross join {{ source('config', 'rules') }} as rules
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
    cast(case when withheld_reason is null then value end as {{ metric_type() }}) as value,
    cast(case when withheld_reason is null then numerator end as bigint) as numerator,
    cast(case when withheld_reason is null then denominator end as bigint) as denominator,
    cast(case when withheld_reason is null then n end as bigint) as n,
    cast(case when withheld_reason is null then interval_low end as {{ metric_type() }}) as interval_low,
    cast(case when withheld_reason is null then interval_high end as {{ metric_type() }}) as interval_high,
    unit,
    is_partial,
    is_maturing,
    cast(case when withheld_reason is null then dispositions_unknown_share end as {{ metric_type() }}) as dispositions_unknown_share,
    list_filter(
        [
            case when is_partial then 'partial' end,
            case when is_maturing then 'maturing' end,
            case when is_incomplete then 'incomplete' end,
            case when withheld_reason is null and n < minimum_n then 'below_minimum_n' end,
            case when withheld_reason is null and is_cause_unknown then 'dispositions_unknown' end,
            case when withheld_reason is not null then 'withheld' end,
            withheld_reason
        ],
        lambda flag: flag is not null
    ) as flags
from valued
order by metric, scope_kind, scope_id, period_grain, period_start
