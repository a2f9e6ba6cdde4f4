"""The suite over sudden shifts: the newest whole week of each scope beside its own weeks before.

A value is far from the usual when it lies outside of everything seen in the weeks before, and farther from
their median than 6 robust standard deviations, than 6 standard errors of so many events, and than a factor
of 4 (of a ratio: 0.4 on the scale of arcsin √p). With fewer than 12 weeks, or few events, nothing is said.
"""

from quality_checks.suites import Expectation, Suite

LEAST_WEEKS = 12
MOST_WEEKS = 52
LEAST_EVENTS = 10

# `noise` is what one event contributes: of a ratio 1/2 by its variance-stabilising scale; of a median
# duration 1.5, the standard error of the median's logarithm where they spread by a factor of 3; of a count 1.
_SHIFTS = f"""
    with weeks as (
        select
            metric, scope_kind, scope_id, period_start, n,
            case unit
                when 'ratio' then asin(sqrt(least(greatest(value::double, 0), 1)))
                else ln(1 + greatest(value::double, 0))
            end as position,
            case when unit = 'ratio' then 0.5 when unit in ('seconds', 'minutes') then 1.5 else 1.0 end
                as noise,
            if(unit = 'ratio', 0.4, ln(4)) as least_distance,
            value::double as value,
            row_number() over (
                partition by metric, scope_kind, scope_id order by period_start desc
            ) as age
        from marts.mart_metric_values
        where period_grain = 'week' and not is_partial and not is_maturing and value is not null
            and not list_contains(flags, 'withheld')
    ),
    usual as (
        select
            metric, scope_kind, scope_id, median(position) as position, mad(position) as spread,
            min(position) as low, max(position) as high, median(n) as n, median(value) as value
        from weeks
        where age between 2 and {MOST_WEEKS} + 1
        group by metric, scope_kind, scope_id
        having count(*) >= {LEAST_WEEKS} and median(n) >= {LEAST_EVENTS}
    )
    select
        concat_ws(' ', metric, scope_kind, scope_id, newest.period_start) as cell,
        usual.value as usual_value,
        newest.value as newest_value,
        if(
            newest.position between low and high, 0,
            abs(newest.position - usual.position) / greatest(
                6 * 1.4826 * spread,
                6 * noise / sqrt(if(noise = 1.0, usual.n, least(newest.n, usual.n))),
                least_distance
            )
        ) as deviation
    from weeks as newest
    inner join usual using (metric, scope_kind, scope_id)
    where newest.age = 1 and (noise = 1.0 or newest.n >= {LEAST_EVENTS})
    order by all
"""

METRIC_SHIFTS = Suite(
    name="metric_shifts",
    subject="marts.mart_metric_values",
    slice_sql=_SHIFTS,
    key=("cell", "newest_value", "usual_value"),
    remedy="Ask first whether the work has changed: a release, a holiday, a reorganisation. If not, trace "
    "the cell with `assay trace` and look for a source that delivers less, twice, or in another unit.",
    expectations=(
        Expectation(
            "metrics_shift_gradually",
            "A scope's newest week is not far from all its weeks before.",
            "ExpectColumnValuesToBeBetween",
            {"column": "deviation", "min_value": 0, "max_value": 1},
            severity="warning",
        ),
    ),
)
