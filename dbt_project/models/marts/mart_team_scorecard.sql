-- Grain: one row per metric, team, month or quarter, and way of dividing it.
-- A team that is too small, or whose size nobody knows, has its row and the reason, and no number (DEFINITIONS §6).
with placed as (
    select
        rates.*,
        rates.withheld_reason is null as is_shown,
        rates.not_compared_reason is null and stats.peer_count >= limits.minimum_peer_count as is_compared,
        case
            when rates.not_compared_reason is not null then rates.not_compared_reason
            when coalesce(stats.peer_count, 0) < limits.minimum_peer_count then 'too_few_peers'
        end as reason,
        stats.is_median as is_of_medians,
        stats.peer_count,
        stats.twice_median,
        stats.four_times_deviation,
        stats.peer_median,
        stats.peer_deviation,
        stats.centre,
        stats.between_variance,
        case when stats.is_median
            then pow(cast(rates.interval_high - rates.interval_low as double) / 3.919927969080108, 2)
            else stats.event_variance / coalesce(rates.exposure_days, rates.denominator)
        end as error_variance
    from {{ ref('int_team_rates') }} as rates
    cross join {{ source('config', 'scorecard') }} as limits
    left join {{ ref('int_team_peer_statistics') }} as stats
        on stats.metric = rates.metric
        and stats.profile = rates.profile
        and stats.normalisation = rates.normalisation
        and stats.period_grain = rates.period_grain
        and stats.period_start = rates.period_start
        and stats.peer_group = rates.peer_group
),

shrunk as (
    select
        *,
        case when is_compared then
            {{ own_share('is_of_medians', 'between_variance', 'error_variance') }}
        end as own_share
    from placed
),

counters as (
    select
        counted.metric,
        counted.profile,
        counted.team_id,
        counted.period_grain,
        counted.period_start,
        counted.normalisation,
        list(coalesce(alike.value, plain.value) order by counted.position) as counter_values
    from (
        select
            metric, profile, team_id, period_grain, period_start, normalisation,
            unnest(counter_metrics) as counter_metric,
            generate_subscripts(counter_metrics, 1) as position
        from {{ ref('int_team_rates') }}
        where withheld_reason is null
    ) as counted
    left join {{ ref('int_team_rates') }} as alike
        on alike.metric = counted.counter_metric
        and alike.profile = counted.profile
        and alike.team_id = counted.team_id
        and alike.period_grain = counted.period_grain
        and alike.period_start = counted.period_start
        and alike.normalisation = counted.normalisation
    left join (from {{ ref('int_team_rates') }} where normalisation = 'none') as plain
        on plain.metric = counted.counter_metric
        and plain.profile = counted.profile
        and plain.team_id = counted.team_id
        and plain.period_grain = counted.period_grain
        and plain.period_start = counted.period_start
    group by all
),

baselines as (
    select
        metric, profile, team_id, period_grain, period_start, normalisation,
        last_value(case when stands then {'value': value, 'period_start': period_start} end ignore nulls)
            over earlier as baseline,
        last_value(
            case when stands and context_windows = [] then {'value': value, 'period_start': period_start} end
            ignore nulls
        ) over earlier as adjusted_baseline
    from (
        select
            *,
            withheld_reason is null and not is_partial and not is_maturing and not list_contains(flags, 'incomplete')
                and value is not null and n >= minimum_n as stands
        from {{ ref('int_team_rates') }}
    )
    window earlier as (
        partition by metric, profile, team_id, period_grain, normalisation
        order by period_start
        rows between unbounded preceding and 1 preceding
    )
)

select
    shrunk.metric,
    shrunk.metric_version,
    shrunk.profile,
    shrunk.team_id,
    shrunk.peer_group,
    shrunk.period_grain,
    shrunk.period_start,
    shrunk.period_end,
    shrunk.normalisation,
    shrunk.unit || case shrunk.normalisation
        when 'per_100_fte_days' then ' per 100 FTE-days'
        when 'per_100_service_days' then ' per 100 service-days'
        else ''
    end as unit,
    shrunk.direction,
    shrunk.comparison,
    {%- for column in ['value', 'interval_low', 'interval_high', 'numerator', 'denominator', 'n', 'team_size', 'service_days'] %}
    case when is_shown then shrunk.{{ column }} end as {{ column }},
    {%- endfor %}
    cast(case when is_shown and not shrunk.is_remainder_small then shrunk.fte_days end as decimal(18, 4)) as fte_days,
    shrunk.withheld_reason,
    shrunk.reason as not_compared_reason,
    {%- for column in ['peer_count', 'peer_median', 'peer_deviation'] %}
    case when is_compared then shrunk.{{ column }} end as {{ column }},
    {%- endfor %}
    case when is_compared then
        {{ signed_ratio(
            '(10000 * (2 * ' ~ billionths('shrunk.value') ~ ' - shrunk.twice_median))',
            '(7413 * shrunk.four_times_deviation)'
        ) }}
    end as peer_score,
    case
        when not is_compared then null
        when shrunk.interval_low > shrunk.peer_median then 'above'
        when shrunk.interval_high < shrunk.peer_median then 'below'
        else 'not_told_apart'
    end as peer_position,
    cast(own_share as {{ metric_type() }}) as own_share,
    cast(centre + own_share * (cast(shrunk.value as double) - centre) as {{ metric_type() }}) as shrunken_value,
    case when is_shown then baselines.baseline.value end as baseline_value,
    case when is_shown then baselines.baseline.period_start end as baseline_period_start,
    case when is_shown then baselines.adjusted_baseline.value end as adjusted_baseline_value,
    case when is_shown then baselines.adjusted_baseline.period_start end as adjusted_baseline_period_start,
    shrunk.context_windows,
    shrunk.counter_metrics,
    counters.counter_values,
    cast(len(list_filter(counters.counter_values, lambda one: one is null)) as integer) as counters_missing_count,
    list_concat(
        case when is_shown then shrunk.flags else [] end,
        list_filter(
            [
                case when not is_shown then 'withheld' end,
                case when shrunk.context_windows <> [] then 'context' end,
                case when len(list_filter(counters.counter_values, lambda one: one is null)) > 0 then 'counter_missing' end
            ],
            lambda flag: flag is not null
        )
    ) as flags
from shrunk
left join counters
    on counters.metric = shrunk.metric
    and counters.profile = shrunk.profile
    and counters.team_id = shrunk.team_id
    and counters.period_grain = shrunk.period_grain
    and counters.period_start = shrunk.period_start
    and counters.normalisation = shrunk.normalisation
left join baselines
    on baselines.metric = shrunk.metric
    and baselines.profile = shrunk.profile
    and baselines.team_id = shrunk.team_id
    and baselines.period_grain = shrunk.period_grain
    and baselines.period_start = shrunk.period_start
    and baselines.normalisation = shrunk.normalisation
order by
    shrunk.metric, shrunk.profile, shrunk.team_id, shrunk.period_grain, shrunk.period_start, shrunk.normalisation
