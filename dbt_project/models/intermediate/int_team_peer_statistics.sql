-- Grain: one row per metric, way of dividing it, month or quarter, and peer group of which some team may be compared.
-- Of the teams that may be compared and of no other. Sums and medians are exact: whole billionths, whole days, DECIMAL.
with compared as (
    select
        metric,
        profile,
        normalisation,
        period_grain,
        period_start,
        peer_group,
        is_ratio,
        is_median,
        {{ billionths('value') }} as units,
        {{ billionths('interval_high - interval_low') }} as width_units,
        case when not is_median then numerator end as amount,
        case when not is_median then coalesce(exposure_days, cast(denominator as decimal(18, 4))) end as weight
    from {{ ref('int_team_rates') }}
    where not_compared_reason is null
),

medians as (
    select
        metric, profile, normalisation, period_grain, period_start, peer_group,
        {{ twice_the_median('units') }} as twice_median
    from compared
    group by all
),

distances as (
    select
        compared.*,
        medians.twice_median,
        abs(2 * compared.units - medians.twice_median) as twice_distance
    from compared
    inner join medians
        on medians.metric = compared.metric
        and medians.profile = compared.profile
        and medians.normalisation = compared.normalisation
        and medians.period_grain = compared.period_grain
        and medians.period_start = compared.period_start
        and medians.peer_group = compared.peer_group
),

terms as (
    select
        *,
        case
            when is_median then cast(pow(twice_distance / 2000000000, 2) as decimal(28, 9))
            else {{ exact_ratio('(cast(amount as hugeint) * amount * 10000)', ten_thousandths('weight')) }}
        end as square,
        case when is_median then cast(pow(width_units / 3919927969.080108, 2) as decimal(28, 9)) end as error
    from distances
),

summed as (
    select
        metric,
        profile,
        normalisation,
        period_grain,
        period_start,
        peer_group,
        is_ratio,
        is_median,
        count(*) as peer_count,
        twice_median,
        {{ twice_the_median('twice_distance') }} as four_times_deviation,
        {{ exact_sum('amount') }} as amount_sum,
        sum(cast(weight as decimal(28, 4))) as weight_sum,
        sum(cast(square as decimal(28, 9))) as square_sum,
        sum(cast(error as decimal(28, 9))) as error_sum
    from terms
    group by
        metric, profile, normalisation, period_grain, period_start, peer_group, is_ratio, is_median, twice_median
)

select
    metric,
    profile,
    normalisation,
    period_grain,
    period_start,
    peer_group,
    is_median,
    peer_count,
    twice_median,
    four_times_deviation,
    {{ from_billionths('(twice_median + 1) // 2') }} as peer_median,
    {{ from_billionths('(four_times_deviation + 2) // 4') }} as peer_deviation,
    case when is_median
        then cast(twice_median as double) / 2000000000
        else {{ pooled('summed') }} * if(normalisation = 'none', 1, 100)
    end as centre,
    case when not is_median then {{ event_variance('summed') }} end as event_variance,
    {{ between_variance('summed') }} as between_variance
from summed
