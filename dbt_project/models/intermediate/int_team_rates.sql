-- Grain: one row per metric, team, month or quarter, and way of dividing it; with the first reason not to compare it.
-- The values are those of mart_metric_values; a rate is such a value, and its interval, over the team's exposure.
with cells as (
    select
        cells.*,
        metrics.direction,
        metrics.comparison,
        metrics.minimum_n,
        metrics.counter_metrics,
        metrics.measure_kind = 'ratio' as is_ratio,
        metrics.measure_kind = 'median' as is_median,
        metrics.measure_kind in ('count', 'count_distinct') as is_count,
        unnest(case
            when metrics.comparison = 'normalized' and metrics.measure_kind in ('count', 'count_distinct')
                then ['none', 'per_100_fte_days', 'per_100_service_days']
            else ['none']
        end) as normalisation
    from {{ ref('mart_metric_values') }} as cells
    inner join {{ ref('dim_metrics') }} as metrics on metrics.metric = cells.metric
    where cells.scope_kind = 'team' and cells.period_grain in ('month', 'quarter')
),

exposed as (
    select
        cells.* exclude (scope_kind, scope_id),
        cells.scope_id as team_id,
        coalesce(peers.peer_group, 'no_team_below') as peer_group,
        coalesce(context.context_windows, []) as context_windows,
        withheld.reason as team_withheld_reason,
        exposure.team_size,
        coalesce(remainders.remainder_size, 0) as remainder_size,
        coalesce(exposure.fte_days, 0) as fte_days,
        coalesce(exposure.service_days, 0) as service_days,
        case cells.normalisation
            when 'per_100_fte_days' then nullif(exposure.fte_days, 0)
            when 'per_100_service_days' then nullif(cast(exposure.service_days as decimal(18, 4)), 0)
        end as exposure_days
    from cells
    left join {{ ref('int_team_exposure_periods') }} as exposure
        on exposure.team_id = cells.scope_id
        and exposure.period_grain = cells.period_grain
        and exposure.period_start = cells.period_start
    left join {{ ref('int_team_remainders') }} as remainders
        on remainders.team_id = cells.scope_id
        and remainders.period_grain = cells.period_grain
        and remainders.period_start = cells.period_start
    left join {{ ref('int_team_peer_groups') }} as peers
        on peers.team_id = cells.scope_id
        and peers.period_grain = cells.period_grain
        and peers.period_start = cells.period_start
    left join {{ ref('int_team_context_windows') }} as context
        on context.team_id = cells.scope_id
        and context.period_grain = cells.period_grain
        and context.period_start = cells.period_start
    {{ join_withheld('cells', 'cells.period_grain') | indent(4) }}
),

rated as (
    select
        exposed.* exclude (value, interval_low, interval_high),
        {%- for column in ['value', 'interval_low', 'interval_high'] %}
        case normalisation
            when 'none' then {{ column }}
            else {{ per_hundred_days(column, 'exposure_days') }}
        end as {{ column }},
        {%- endfor %}
        case
            when exposed.team_withheld_reason is not null then exposed.team_withheld_reason
            when coalesce(exposed.team_size, 0) = 0 then 'team_size_unknown'
            when exposed.normalisation = 'per_100_fte_days'
                and exposed.remainder_size between 1 and limits.minimum_team_size - 1 then 'small_remainder'
        end as withheld_reason,
        exposed.remainder_size between 1 and limits.minimum_team_size - 1 as is_remainder_small
    from exposed
    cross join {{ source('config', 'scorecard') }} as limits
)

select
    *,
    case
        when withheld_reason is not null then withheld_reason
        when comparison = 'none' then 'never_compared'
        when is_count and normalisation = 'none' then 'compared_as_rate'
        when is_partial then 'partial'
        when is_maturing then 'maturing'
        when list_contains(flags, 'incomplete') then 'incomplete'
        when normalisation <> 'none' and exposure_days is null then 'no_exposure'
        when n < minimum_n then 'below_minimum_n'
        when value is null then 'no_value'
        when interval_low is null or interval_high is null then 'no_interval'
    end as not_compared_reason
from rated
