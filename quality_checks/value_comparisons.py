"""Metric values computed a second time: from the facts, by other formulas, for a sample of periods.

The metrics' meaning is stated here once more (which facts, on which day, which measure, which quantile),
quantiles come from the database's own function, and periods are cut by the calendar's fields. A wrong
percentile, unit, filter or boundary, a value that was rounded or is silently empty differs then. Of each
grain the newest period and some others are computed, the same for every scope and metric, so that the work is
a share of the facts and not all of them.
"""

from dataclasses import dataclass
from typing import Final

from quality_checks.comparisons import Comparison
from quality_checks.fact_comparisons import REBUILD
from quality_checks.offending_rows import no_row_offends

VALUES: Final = "marts.mart_metric_values"
PERIODS_COMPUTED: Final = {"day": 30, "week": 12, "month": 4, "quarter": 2}
"""How many periods of each grain are computed again."""

_SCALE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Computed:
    """Metrics over the same facts on the same day.

    Attributes:
        fact: The fact.
        day: The day that decides the period.
        where: Which facts.
        values: By metric, its value as an SQL aggregate.
        services: The services that a fact counts for, as a list.
        teams: The teams that it counts for, as a list.
    """

    fact: str
    day: str
    where: str
    values: dict[str, str]
    services: str = "[service_id]"
    teams: str = "team_path"

    def sql(self) -> str:
        """Select item and value of every cell."""
        named = ", ".join(
            f"{{'metric': '{metric}', 'value': {value}}}" for metric, value in self.values.items()
        )
        return f"""
            select
                concat_ws(' ', cell.metric, scope_kind, scope_id, period_grain, period_start) as item,
                round(cell.value * {_SCALE})::hugeint as value
            from (
                select scope_kind, scope_id, period_grain, period_start, unnest([{named}]) as cell
                from (
                    select *, unnest(list_concat(
                        [{{'scope_kind': 'organisation', 'scope_id': organisation}}],
                        list_transform({self.services}, lambda each: {{'scope_kind': 'service',
                            'scope_id': each}}),
                        list_transform({self.teams}, lambda each: {{'scope_kind': 'team', 'scope_id': each}})
                    ), recursive := true)
                    from marts.{self.fact}
                    inner join periods_of_days on {self.day} = day
                    where {self.where}
                )
                where scope_id is not null
                group by all
            )
            where cell.value is not null
        """


def _quantile(measure: str, share: float = 0.5) -> str:
    return f"quantile_cont({measure}, {share})"


def _share(condition: str) -> str:
    return f"count_if({condition}) / count(*)"


_REACHED_USERS = "is_production and outcome = 'success'"
_COUNTED = "is_counted and cycle_state = 'done'"
_MERGED = "is_merged and not is_bot"
_LEAD = "lead_time_seconds"
_COMPUTED: Final = (
    _Computed(
        "fct_deployments",
        "deployed_date",
        _REACHED_USERS,
        {
            "deployment_frequency": "count(*)",
            "deployment_days": "count(distinct deployed_date)",
            "change_fail_rate": _share("is_change_failure"),
            "change_fail_rate_explicit": _share("is_change_failure_explicit"),
            "deployment_rework_rate": _share("is_unplanned"),
            "change_failures": "count_if(is_change_failure)",
            "change_failures_named_share": "count_if(is_change_failure and is_change_failure_explicit) "
            "/ nullif(count_if(is_change_failure), 0)",
        },
    ),
    _Computed(
        "fct_deployments",
        "deployed_date",
        "is_production and outcome = 'failed_rollout'",
        {"failed_rollouts": "count(*)"},
    ),
    _Computed(
        "fct_changes",
        "deployed_date",
        "state = 'deployed'",
        {
            "change_lead_time": _quantile(_LEAD),
            "change_lead_time_p75": _quantile(_LEAD, 0.75),
            "change_lead_time_p90": _quantile(_LEAD, 0.9),
            "change_lead_time_server_observed": _quantile(
                f"if(is_committed_at_author_settable, null, {_LEAD})"
            ),
            "changes_deployed": "count(*)",
            "author_settable_changes_share": _share("is_committed_at_author_settable"),
            **{
                f"change_{part}_time": _quantile(f"{part}_seconds")
                for part in ("coding", "pickup", "review", "merge_to_deploy")
            },
            "change_unattributed_time": _quantile("unattributed_seconds"),
        },
    ),
    _Computed(
        "fct_changes",
        "deployed_date",
        "state = 'excluded'",
        {
            "changes_without_baseline": "count(*) filter (where exclusion_reason = 'no_baseline')",
            "negative_lead_times": "count(*) filter (where exclusion_reason = 'negative_duration')",
        },
    ),
    _Computed(
        "fct_pull_requests",
        "deployed_date",
        "delivery_state = 'deployed'",
        {
            "pull_request_lead_time": _quantile(_LEAD),
            "pull_request_lead_time_p75": _quantile(_LEAD, 0.75),
            "pull_request_lead_time_p90": _quantile(_LEAD, 0.9),
        },
    ),
    _Computed(
        "fct_pull_request_reviews",
        "merged_date",
        _MERGED,
        {
            "pull_requests_merged": "count(*)",
            "time_to_first_review": _quantile("first_review_seconds"),
            "time_to_first_review_business": _quantile("first_review_business_seconds"),
            "pull_request_size": _quantile("changed_line_count"),
            "review_rounds_p75": _quantile("review_round_count", 0.75),
            "unreviewed_merge_share": _share("not is_reviewed"),
            "unlinked_change_share": _share("not is_linked"),
        },
    ),
    _Computed(
        "fct_change_failures",
        "restored_date",
        "link_basis = 'any' and state = 'restored'",
        {
            "failed_deployment_recovery_time": _quantile("recovery_seconds"),
            "failed_deployment_recovery_time_p90": _quantile("recovery_seconds", 0.9),
        },
    ),
    _Computed(
        "fct_change_failures",
        "restored_date",
        "link_basis = 'explicit' and state = 'restored'",
        {"failed_deployment_recovery_time_explicit": _quantile("recovery_seconds")},
    ),
    _Computed(
        "fct_change_failures",
        "detected_date",
        "link_basis = 'any'",
        {
            "open_failed_deployments": "count_if(state = 'open')",
            "negative_recovery_times": "count_if(state = 'excluded')",
        },
    ),
    _Computed(
        "fct_issues",
        "done_date",
        _COUNTED,
        {
            "issue_cycle_time": _quantile("cycle_seconds"),
            "issue_cycle_time_p75": _quantile("cycle_seconds", 0.75),
            "issue_cycle_time_p90": _quantile("cycle_seconds", 0.9),
            "issue_cycle_time_business": _quantile("cycle_business_seconds"),
            "flow_efficiency": _quantile("flow_efficiency_basis_points"),
        },
    ),
    _Computed(
        "fct_issues",
        "done_date",
        "is_counted and is_done",
        {
            "throughput": "count(*)",
            "reopened_share": _share("was_reopened"),
            "unseen_work_share": _share("cycle_state = 'never_in_progress'"),
        },
    ),
    _Computed(
        "fct_issues",
        "created_date",
        "is_counted and is_production_defect",
        {"production_defects_opened": "count(*)"},
    ),
    _Computed(
        "fct_incident_response",
        "detected_date",
        "is_counted",
        {
            "incidents_detected": "count(*)",
            "incidents_open": "count_if(is_open)",
            "time_to_detect": _quantile("detection_seconds"),
        },
    ),
    *(
        _Computed(
            "fct_incident_response",
            f"{ends}_date",
            "is_counted",
            {metric: _quantile(f"{spent}_seconds", share)},
        )
        for metric, ends, spent, share in (
            ("time_to_acknowledge", "acknowledged", "acknowledgement", 0.5),
            ("time_to_mitigate", "mitigated", "mitigation", 0.5),
            ("time_to_resolve", "resolved", "resolution", 0.5),
            ("time_to_resolve_p90", "resolved", "resolution", 0.9),
        )
    ),
    _Computed(
        "fct_incidents",
        "started_date",
        "is_severity_configured",
        {
            "failure_incidents": "count(*)",
            "incidents_named_share": _share("link_strength = 'explicit'"),
            "incidents_by_rule_share": _share("link_strength = 'rule'"),
            "incidents_unlinked_share": _share("link_strength = 'none'"),
            "dispositions_unknown_share": _share("disposition = 'unknown'"),
        },
        services="service_ids",
        teams="owning_team_ids",
    ),
    _Computed(
        "fct_slo_windows",
        "window_end_date",
        "window_kind = 'month' and not is_partial and is_met is not null",
        {"slo_months": "count(*)", "slo_months_met_rate": _share("is_met")},
    ),
)
COMPUTED_METRICS: Final = frozenset(metric for computed in _COMPUTED for metric in computed.values)
"""The metrics that are computed a second time."""

_TAKEN: Final = " ".join(f"when '{grain}' then {count}" for grain, count in PERIODS_COMPUTED.items())
# of each grain the newest period, and others by the hash of their first day
_PERIODS: Final = f"""
    select period_grain, period_start
    from (
        select *, max(period_start) over (partition by period_grain) as newest_start
        from (select distinct period_grain, period_start from {VALUES})
    )
    qualify row_number() over (
        partition by period_grain order by period_start < newest_start, hash(period_start), period_start
    ) <= case period_grain {_TAKEN} end
"""

# the days of each of these periods, by the calendar's own fields
_DAYS: Final = f"""
    with taken as ({_PERIODS}),
    days as (
        select unnest(generate_series(
            (select min(period_start) from taken)::timestamp,
            (select max(period_start) from taken) + interval 3 months,
            interval 1 day
        ))::date as day
    ),
    placed as (
        select day, unnest([
            {{'period_grain': 'day', 'period_start': day}},
            {{'period_grain': 'week', 'period_start': day - (isodow(day) - 1)::integer}},
            {{'period_grain': 'month', 'period_start': make_date(year(day), month(day), 1)}},
            {{'period_grain': 'quarter', 'period_start': make_date(year(day), 3 * quarter(day) - 2, 1)}}
        ], recursive := true)
        from days
    )
    select placed.* from placed semi join taken using (period_grain, period_start)
"""

_VALUES_COMPUTED: Final = Comparison(
    name="values_are_what_facts_give",
    subjects=(VALUES,),
    layer="marts",
    sentence="Values that are computed a second time, from the facts by other formulas, are the same.",
    left=f"""
        with periods_of_days as materialized ({_DAYS}),
        computed as ({" union all ".join(computed.sql() for computed in _COMPUTED)})
        -- what happened before a service first deployed has no cell, and a small team's has no number
        select item, value
        from computed
        semi join (
            select concat_ws(' ', metric, scope_kind, scope_id, period_grain, period_start) as item
            from {VALUES}
            semi join (select distinct period_grain, period_start from periods_of_days)
                using (period_grain, period_start)
            where not list_contains(flags, 'withheld')
        ) as shown using (item)
    """,
    right=f"""
        select
            concat_ws(' ', metric, scope_kind, scope_id, period_grain, period_start) as item,
            round(value * {_SCALE})::hugeint as value
        from {VALUES}
        semi join ({_PERIODS}) as taken using (period_grain, period_start)
        where metric in {tuple(sorted(COMPUTED_METRICS))}
            and value is not null
            and not list_contains(flags, 'withheld')
    """,
    measure="millionths",
    remedy=REBUILD,
    tolerance=1,
)

_EVERY_SERVICE: Final = """
    select service_id as scope_id, deployed_date
    from marts.fct_deployments
    where is_production and outcome = 'success'
"""
# from the period of a service's first deployment to the one in which the reported range ends
_GRID: Final = f"""
    with firsts as (
        select scope_id, min(deployed_date) as first_date from ({_EVERY_SERVICE}) group by scope_id
    ),
    reported as (
        select
            timezone(time_zone, coalesce(coverage_from, timestamptz '0001-01-01'))::date as from_date,
            timezone(time_zone, coverage_until - interval 1 microsecond)::date as until_date
        from config.reporting
        where coverage_until is not null
    ),
    spans as (
        select scope_id, greatest(first_date, from_date) as first_date, until_date
        from firsts cross join reported
        where until_date >= greatest(first_date, from_date)
    )
    select concat_ws(' ', scope_id, period_grain) as item, periods as value
    from (
        select scope_id, unnest(['week', 'month', 'quarter']) as period_grain, unnest([
            (until_date - isodow(until_date)::integer - (first_date - isodow(first_date)::integer)) // 7 + 1,
            12 * (year(until_date) - year(first_date)) + month(until_date) - month(first_date) + 1,
            4 * (year(until_date) - year(first_date)) + quarter(until_date) - quarter(first_date) + 1
        ]) as periods
        from spans
    )
    semi join (select distinct period_grain from {VALUES}) as held using (period_grain)
"""

_EVERY_PERIOD: Final = Comparison(
    name="every_period_has_its_values",
    subjects=(VALUES,),
    layer="marts",
    sentence="From its first deployment on a service has a value for every week, month and quarter.",
    left=_GRID,
    right=f"""
        select concat_ws(' ', scope_id, period_grain) as item, count(distinct period_start) as value
        from {VALUES}
        where scope_kind = 'service' and metric = 'deployment_frequency' and period_grain <> 'day'
            and exists (select 1 from config.reporting where coverage_until is not null)
        group by all
    """,
    measure="periods",
    remedy=REBUILD,
)

_BOUNDARIES: Final = f"""
    select distinct concat_ws(' ', period_grain, period_start, period_end) as item
    from {VALUES}
    where period_start is distinct from case period_grain
            when 'week' then period_start - (isodow(period_start) - 1)::integer
            when 'month' then make_date(year(period_start), month(period_start), 1)
            when 'quarter' then make_date(year(period_start), 3 * quarter(period_start) - 2, 1)
            else period_start
        end
        or period_end is distinct from case period_grain
            when 'week' then period_start + 7
            when 'month' then (period_start + interval 1 month)::date
            when 'quarter' then (period_start + interval 3 months)::date
            else period_start + 1
        end
"""

VALUE_COMPARISONS: tuple[Comparison, ...] = (
    _VALUES_COMPUTED,
    _EVERY_PERIOD,
    no_row_offends(
        "periods_are_calendar_periods",
        "A period is a day, an ISO week, a month or a quarter, from its first day to its last.",
        {VALUES: _BOUNDARIES},
        measure="periods",
        layer="marts",
    ),
)
