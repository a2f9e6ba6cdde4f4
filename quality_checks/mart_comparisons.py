"""Facts against metric values: no event is lost on the way to a cell, none counts twice.

The counts on the left are stated here a second time, from the meaning of the metrics, so that a mistake in
the generated SQL shows.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from quality_checks.comparisons import Comparison
from quality_checks.fact_comparisons import REBUILD

_VALUES = "marts.mart_metric_values"


@dataclass(frozen=True, slots=True)
class _Counted:
    """Events and the metrics whose n counts them; `day` decides the period."""

    metrics: tuple[str, ...]
    fact: str
    day: str
    where: str

    def sql(self) -> str:
        """Select one row per metric and event: metric, day, service_id."""
        names = ", ".join(f"'{metric}'" for metric in self.metrics)
        return (
            f"select unnest([{names}]) as metric, {self.day} as day, service_id "
            f"from marts.{self.fact} where {self.where}"
        )


_REACHED_USERS = "is_production and outcome = 'success'"
# What may happen before a service first deploys (incidents, failed rollouts) has no cell then: left out.
_COUNTED: tuple[_Counted, ...] = (
    _Counted(
        ("deployment_frequency", "change_fail_rate", "change_fail_rate_explicit", "deployment_rework_rate"),
        "fct_deployments",
        "deployed_date",
        _REACHED_USERS,
    ),
    _Counted(
        ("change_failures", "change_failures_named_share"),
        "fct_deployments",
        "deployed_date",
        f"{_REACHED_USERS} and is_change_failure",
    ),
    _Counted(
        (
            "change_lead_time",
            "change_lead_time_p75",
            "change_lead_time_p90",
            "changes_deployed",
            "author_settable_changes_share",
            "change_unattributed_time",
        ),
        "fct_changes",
        "deployed_date",
        "state = 'deployed'",
    ),
    _Counted(
        ("change_lead_time_server_observed",),
        "fct_changes",
        "deployed_date",
        "state = 'deployed' and not is_committed_at_author_settable",
    ),
    *(
        _Counted(
            (f"change_{part}_time",),
            "fct_changes",
            "deployed_date",
            f"state = 'deployed' and {part}_seconds is not null",
        )
        for part in ("coding", "pickup", "review", "merge_to_deploy")
    ),
    *(
        _Counted((metric,), "fct_changes", "deployed_date", f"exclusion_reason = '{reason}'")
        for metric, reason in (
            ("changes_without_baseline", "no_baseline"),
            ("negative_lead_times", "negative_duration"),
        )
    ),
    _Counted(
        ("pull_request_lead_time", "pull_request_lead_time_p75", "pull_request_lead_time_p90"),
        "fct_pull_requests",
        "deployed_date",
        "delivery_state = 'deployed'",
    ),
    _Counted(
        ("failed_deployment_recovery_time", "failed_deployment_recovery_time_p90"),
        "fct_change_failures",
        "restored_date",
        "link_basis = 'any' and state = 'restored'",
    ),
    _Counted(
        ("failed_deployment_recovery_time_explicit",),
        "fct_change_failures",
        "restored_date",
        "link_basis = 'explicit' and state = 'restored'",
    ),
    *(
        _Counted(
            (metric,), "fct_change_failures", "detected_date", f"link_basis = 'any' and state = '{state}'"
        )
        for metric, state in (("open_failed_deployments", "open"), ("negative_recovery_times", "excluded"))
    ),
)
_DAYS_COUNTED = (
    "select distinct 'deployment_days' as metric, deployed_date as day, service_id "
    f"from marts.fct_deployments where {_REACHED_USERS}"
)
_EVENTS = " union all ".join([*(counted.sql() for counted in _COUNTED), _DAYS_COUNTED])

_ADDED_UP = sorted(
    {metric for counted in _COUNTED for metric in counted.metrics}
)  # services share their days
_COUNTED_METRICS = [*_ADDED_UP, "deployment_days"]


def _listed(metrics: Iterable[str]) -> str:
    return ", ".join(f"'{metric}'" for metric in metrics)


# the range that the mart covers, by grain: facts outside it have no cell
_COVERED = f"""
    select period_grain, min(period_start) as first_day, max(period_end) as end_day
    from {_VALUES}
    group by period_grain
"""

_FACTS_COUNTED = Comparison(
    name="values_count_every_fact",
    subjects=(_VALUES,),
    layer="marts",
    sentence="Over all periods, a metric's n for a service is the number of its facts in the covered range.",
    left=f"""
        select concat_ws(' ', metric, service_id, period_grain) as item, count(*) as value
        from ({_EVENTS}) as events
        inner join ({_COVERED}) as covered on events.day >= first_day and events.day < end_day
        where events.service_id is not null
        group by all
    """,
    right=f"""
        select concat_ws(' ', metric, scope_id, period_grain) as item, sum(n)::bigint as value
        from {_VALUES}
        where scope_kind = 'service' and metric in ({_listed(_COUNTED_METRICS)})
        group by all
    """,
    measure="facts",
    remedy=REBUILD,
)


def _by_period(scope_kind: str) -> str:
    return f"""
        select
            concat_ws(' ', metric, period_grain, period_start) as item,
            sum(n + coalesce(numerator, 0))::bigint as value
        from {_VALUES}
        where scope_kind = '{scope_kind}' and metric in ({_listed(_ADDED_UP)})
        group by all
    """


_SERVICES_ADD_UP = Comparison(
    name="services_add_up_to_the_organisation",
    subjects=(_VALUES,),
    layer="marts",
    sentence="What services count adds up to what their organisation counts, period by period.",
    left=_by_period("service"),
    right=_by_period("organisation"),
    measure="events",
    remedy=REBUILD,
)

_RATIOS = Comparison(
    name="ratios_are_their_two_counts",
    subjects=(_VALUES,),
    layer="marts",
    sentence="A ratio is its numerator over its denominator, and n is the denominator.",
    left=f"""
        select
            concat_ws(' ', metric, scope_kind, scope_id, period_grain, period_start) as item,
            round(numerator * 1e9 / nullif(denominator, 0))::bigint as value
        from {_VALUES}
        where unit = 'ratio' and denominator > 0
    """,
    right=f"""
        select
            concat_ws(' ', metric, scope_kind, scope_id, period_grain, period_start) as item,
            if(n = denominator, (value::decimal(20, 9) * 1000000000)::bigint, -1000) as value
        from {_VALUES}
        where unit = 'ratio' and value is not null
    """,
    measure="billionths",
    remedy=REBUILD,
    tolerance=1,
)

_FIVE = (
    "deployment_frequency",
    "change_lead_time",
    "change_fail_rate",
    "failed_deployment_recovery_time",
    "deployment_rework_rate",
)


def _wide_equals_long(grain: str, relation: str) -> Comparison:
    told_days = "where n > 0" if grain == "day" else ""  # days on which nothing happened have no long row
    columns = ("scope_kind", "scope_id", "period_start", "period_end")
    cell = ", ".join((*columns, "metric", "n", "value", "interval_low", "interval_high"))
    wide = " union all ".join(
        f"select {', '.join(columns)}, '{metric}' as metric, {metric}_n as n, {metric} as value, "
        f"{metric}_interval_low as interval_low, {metric}_interval_high as interval_high from {relation}"
        for metric in _FIVE
    )
    metrics = ", ".join(f"'{metric}'" for metric in _FIVE)
    return Comparison(
        name="wide_values_equal_long_ones",
        subjects=(relation,),
        layer="marts",
        sentence="The wide table shows the values of the long one, with the same n and intervals.",
        left=f"""
            select concat_ws(' ', {cell}) as item, 1 as value
            from {_VALUES}
            where period_grain = '{grain}' and metric in ({metrics}) {told_days.replace("where", "and")}
        """,
        right=f"""
            select concat_ws(' ', {cell}) as item, count(*) as value
            from ({wide}) {told_days}
            group by all
        """,
        measure="values",
        remedy=REBUILD,
    )


MART_COMPARISONS: tuple[Comparison, ...] = (
    _FACTS_COUNTED,
    _SERVICES_ADD_UP,
    _RATIOS,
    *(
        _wide_equals_long(grain, f"marts.mart_dora_{name}")
        for grain, name in (
            ("day", "daily"),
            ("week", "weekly"),
            ("month", "monthly"),
            ("quarter", "quarterly"),
        )
    ),
)
