"""Every number of every published mart, and how it is traced.

A wide mart repeats values of metrics under their names: such a column is traced as the metric. Others are
formulas over facts of their own, windows of objectives, team rates, or are made from another number by a
fixed rule. What is not traced says why and where to look instead; there is no third case, and a test walks
every column of a built warehouse.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

_PARTS = ("interval_low", "interval_high", "n")
_WIDE = (
    "mart_dora_daily",
    "mart_dora_weekly",
    "mart_dora_monthly",
    "mart_dora_quarterly",
    "mart_flow_weekly",
)
_SECONDS = ("coding", "pickup", "review", "merge_to_deploy", "unattributed")


@dataclass(frozen=True, slots=True)
class OfMetric:
    """The column repeats a part of a metric's cell: `value`, `n`, `interval_low` or `interval_high`."""

    metric: str
    part: str = "value"


@dataclass(frozen=True, slots=True)
class ByRule:
    """The column is made from a metric's value by a rule of the model; the metric is what is traced."""

    metric: str
    rule: str


@dataclass(frozen=True, slots=True)
class FactFormula:
    """The column is a formula over facts, as a metric is; `scopes` are conditions on them by kind."""

    title: str
    sentence: str
    unit: str
    relation: str
    key: str
    filter_sql: str
    event_column: str
    measure_kind: str
    measure_sql: str
    value_sql: str
    scopes: Mapping[str, str]

    @property
    def is_in_warehouse(self) -> bool:
        """Whether the facts stay in the warehouse, where publications have none of them."""
        return not self.relation.startswith("marts.")


@dataclass(frozen=True, slots=True)
class OfTeamRate:
    """The column belongs to a value of a team beside its peers, traced with its way of dividing."""


@dataclass(frozen=True, slots=True)
class OfObjective:
    """The column belongs to a window of a service level objective."""


@dataclass(frozen=True, slots=True)
class OfFact:
    """The column belongs to one fact, named by its key; the fact names its records."""

    key: str


@dataclass(frozen=True, slots=True)
class NotTraced:
    """There is nothing to trace, and why."""

    reason: str


TracedRoute: TypeAlias = OfMetric | ByRule | FactFormula | OfTeamRate | OfObjective | OfFact
Route: TypeAlias = TracedRoute | NotTraced

_OWN = {
    "service": "service_id = $scope_id",
    "team": "list_contains(team_path, $scope_id)",
    "organisation": "organisation = $scope_id",
}
_ONE_ORGANISATION = _OWN | {"organisation": "$scope_id is not null"}  # a warehouse is one organisation's
_KEYS = {
    "fct_change_failures": "failure_id",
    "fct_changes": "change_id",
    "fct_ci_runs": "run_id",
    "fct_deployments": "deployment_id",
    "fct_incident_response": "incident_id",
    "fct_incidents": "incident_id",
    "fct_issue_status_spans": "span_id",
    "fct_issues": "issue_id",
    "fct_on_call_shifts": "shift_id",
    "fct_pull_request_reviews": "pull_request_service_id",
    "fct_pull_requests": "pull_request_service_id",
    "fct_reviews": "review_id",
    "fct_slo_alerts": "slo_alert_id",
    "fct_slo_windows": "slo_window_id",
    "fct_sprints": "sprint_id",
}


def _count(expression: str) -> str:
    return f"cast(count({expression}) as decimal(28, 9))"


def _quantile(column: str, percent: int) -> str:
    """The exact interpolated quantile, as the metrics form it (DEFINITIONS §7)."""
    return (
        f"list_transform([list_sort(list({column}) filter (where {column} is not null))], lambda v: "
        f"cast(cast("
        f"v[(len(v) - 1) * {percent} // 100 + 1] * (100 - (len(v) - 1) * {percent} % 100) "
        f"+ v[least(len(v), (len(v) - 1) * {percent} // 100 + 2)] * ((len(v) - 1) * {percent} % 100) "
        "as decimal(28, 0)) * 0.01 as decimal(28, 9)))[1]"
    )


def _sum(column: str) -> str:
    return f"coalesce(cast(sum(cast({column} as decimal(28, 0))) as bigint), 0)"


def _share(part: str, whole: str) -> str:
    return (
        f"cast(cast((2 * 1000000000 * cast({part} as hugeint) + {whole}) // nullif(2 * {whole}, 0) "
        "as decimal(28, 0)) * 0.000000001 as decimal(28, 9))"
    )


def _in_progress(title: str, sentence: str, unit: str, kind: str, value_sql: str, **more: str) -> FactFormula:
    return FactFormula(
        title,
        sentence,
        unit,
        relation="intermediate.int_issue_work_in_progress",
        key="work_item_id",
        filter_sql=more.get("filter_sql", "true"),
        event_column="period_start",
        measure_kind=kind,
        measure_sql="age_seconds",
        value_sql=value_sql,
        scopes=_ONE_ORGANISATION,
    )


_FLOW: Mapping[str, Route] = {
    "work_in_progress": _in_progress(
        "Work in progress",
        "How many work items were begun and not done at the end of the week.",
        "work items",
        "count",
        _count("*"),
    ),
    "work_waiting": _in_progress(
        "Waiting work",
        "How many of the work items in progress stood in a status of waiting at the end of the week.",
        "work items",
        "count",
        _count("*"),
        filter_sql="is_waiting",
    ),
    "work_age_median": _in_progress(
        "Age of work in progress",
        "How long the work items in progress at the end of the week had usually been in progress.",
        "seconds",
        "median",
        _quantile("age_seconds", 50),
    ),
    "work_age_p90": _in_progress(
        "Age of work in progress, 90th percentile",
        "How long nine of ten work items in progress at the end of the week had been in progress at most.",
        "seconds",
        "p90",
        _quantile("age_seconds", 90),
    ),
}


def _incidents(title: str, sentence: str, filter_sql: str) -> FactFormula:
    return FactFormula(
        title,
        sentence,
        "incidents",
        relation="marts.fct_incident_response",
        key="incident_id",
        filter_sql=filter_sql,
        event_column="detected_date",
        measure_kind="count",
        measure_sql="incident_id",
        value_sql=_count("*"),
        scopes=_OWN,
    )


def _pages(title: str, sentence: str, filter_sql: str) -> FactFormula:
    return FactFormula(
        title,
        sentence,
        "pages",
        relation="intermediate.int_on_call_pages",
        key="incident_id || ' ' || cast(paged_at as varchar)",
        filter_sql=filter_sql,
        event_column="cast((paged_at at time zone $time_zone) as date)",
        measure_kind="count",
        measure_sql="paged_at",
        value_sql=_count("*"),
        scopes=_ONE_ORGANISATION,
    )


_INCIDENTS: Mapping[str, Route] = {
    "time_fault_count": _incidents(
        "Incidents with impossible times",
        "How many incidents the tools tell with times in an impossible order.",
        "has_time_fault",
    ),
    "same_incident_count": _incidents(
        "Second tellings of incidents",
        "How many reports tell of an incident that another report already counts.",
        "not is_counted",
    ),
    "page_count": _pages("Pages of people on call", "How often somebody on call was called.", "true"),
    "out_of_hours_page_count": _pages(
        "Pages out of hours", "How often somebody on call was called out of working hours.", "is_out_of_hours"
    ),
}


def _changes(title: str, unit: str, kind: str, measure: str, value_sql: str) -> FactFormula:
    return FactFormula(
        title,
        f"{title} of the changes that reached production in the period.",
        unit,
        relation="marts.fct_changes",
        key="change_id",
        filter_sql="(state = 'deployed')",
        event_column="deployed_date",
        measure_kind=kind,
        measure_sql=measure,
        value_sql=value_sql,
        scopes=_OWN,
    )


def _breakdown() -> dict[str, Route]:
    whole = "lead_time_seconds"
    routes: dict[str, Route] = {
        "change_lead_time_n": _changes("Number", "changes", "count", "change_id", _count("*")),
        "change_lead_time_total_seconds": _changes(
            "Lead time together", "seconds", "sum", whole, _sum(whole)
        ),
    }
    for part in _SECONDS:
        column, words = f"{part}_seconds", part.replace("_", " ")
        some = f"count(*) filter (where {column} > 0)"
        routes |= {
            f"change_{part}_time_n": _changes(
                f"Number with a {words} part", "changes", "count", column, f"cast({some} as decimal(28, 9))"
            ),
            f"change_{part}_time_total_seconds": _changes(
                f"Time in {words} together", "seconds", "sum", column, _sum(column)
            ),
            f"change_{part}_time_share": _changes(
                f"Share of {words} in the lead time",
                "ratio",
                "share",
                column,
                _share(_sum(column), _sum(whole)),
            ),
        }
    return routes


_PER_WEEK = "the number of deployment days, times 7, over the days of the period"
_SCORE = "DORA's Quick Check reads the score off this value (docs/metrics.md)"
_ENTITIES = "what a settings file, a source or DORA states is a record itself, and no measurement"
_COUNTED = "it counts facts, which stand in their own tables: each is traced by its key"
_CHECKED = (
    "it is a check of the pipeline and no metric; its two sides and its offenders stand in the same row"
)
_REASONS: Mapping[str, str] = {
    "dim_dates": _ENTITIES,
    "dim_dora_clusters": _ENTITIES,
    "dim_metrics": "it belongs to a definition, which `assay definition` shows with its hash",
    "dim_people": "people are not published; `assay own` shows everyone their own numbers",
    "dim_services": _COUNTED,
    "dim_teams": _ENTITIES,
    "mart_check_results": _CHECKED,
    "mart_excluded_facts": f"{_COUNTED}; `example_ids` name some",
    "mart_ownership_conflicts": _ENTITIES,
    "mart_ownership_coverage": _COUNTED,
    "mart_reconciliation": _CHECKED,
    "mart_stream_completeness": "it sums windows of fetches, which a trace shows as evidence for absence",
    "mart_unowned": _COUNTED,
}
_CLUSTERS = (
    "it compares the scores of several metrics with DORA's published clusters: trace the metrics one by one"
)
_NAMED: Mapping[str, Mapping[str, Route]] = {
    "mart_flow_weekly": _FLOW,
    "mart_incident_response": _INCIDENTS,
    "mart_lead_time_breakdown": _breakdown(),
    "mart_profile_comparison": {
        "dora_2026_value": OfMetric("$dora_2026_metric"),
        "dora_2026_n": OfMetric("$dora_2026_metric", "n"),
        "profile_value": ByRule(
            "$dora_2026_metric", "another tool's formula over the same events; `assay profile` shows it"
        ),
        "profile_n": ByRule(
            "$dora_2026_metric", "another tool's formula over the same events; `assay profile` shows it"
        ),
        "difference": ByRule(
            "$dora_2026_metric", "the other tool's value less this one; the row's reason says why"
        ),
    },
}
_DORA: Mapping[str, Route] = {
    "deployment_days_per_week": ByRule("deployment_days", _PER_WEEK),
    "change_fail_rate_unknown_as_none": OfMetric("change_fail_rate_explicit"),
    "dispositions_unknown_share": OfMetric("dispositions_unknown_share"),
    "open_failed_deployments": OfMetric("open_failed_deployments", "n"),
}


def route_of(mart: str, column: str, metrics: Collection[str]) -> Route | None:
    """Return how a number of a published mart is traced; None where the mart is unknown.

    Args:
        mart: such as `mart_dora_monthly`, without the schema.
        column: one of its columns.
        metrics: the names of `dim_metrics`.
    """
    if mart in _KEYS:
        return OfFact(_KEYS[mart])
    if mart in _REASONS:
        return NotTraced(_REASONS[mart])
    if named := _NAMED.get(mart, {}).get(column):
        return named
    return _of_wide(mart, column, metrics)


def _of_wide(mart: str, column: str, metrics: Collection[str]) -> Route | None:
    if mart == "mart_metric_values":
        own = ("value", "numerator", "denominator", *_PARTS)
        return OfMetric("$metric", column if column in own else "value")
    if mart == "mart_team_scorecard":
        return OfTeamRate()
    if mart == "mart_slo_attainment":
        return OfObjective()
    if mart == "mart_dora_benchmarks":
        return _of_benchmark(column, metrics)
    if mart in _WIDE or mart == "mart_incident_response":
        return _DORA.get(column) or _of_name(column, metrics)
    return None


def _of_name(column: str, metrics: Collection[str]) -> Route | None:
    if column in metrics:
        return OfMetric(column)
    for part in _PARTS:
        metric = column.removesuffix(f"_{part}")
        if metric != column and metric in metrics:
            return OfMetric(metric, part)
    return None


def _of_benchmark(column: str, metrics: Collection[str]) -> Route:
    metric = column.removesuffix("_score")
    if metric != column and metric in metrics:
        return ByRule(metric, _SCORE)
    return _of_name(column, metrics) or NotTraced(_CLUSTERS)
