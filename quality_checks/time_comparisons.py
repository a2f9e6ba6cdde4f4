"""Facts against their own instants: a duration is the time between two of them, a day the day of one.

What is compared stands here a second time, from the columns' documentation, so that a mistake in a model's
SQL shows: milliseconds for seconds, the wrong event, a day cut in another time zone.
"""

from collections.abc import Mapping
from typing import Final

from quality_checks.comparisons import Comparison
from quality_checks.offending_rows import no_row_offends

KEYS: Final[Mapping[str, str]] = {
    "fct_changes": "change_id",
    "fct_change_failures": "failure_id",
    "fct_ci_runs": "run_id",
    "fct_deployments": "deployment_id",
    "fct_incident_response": "incident_id",
    "fct_incidents": "incident_id",
    "fct_issue_status_spans": "span_id",
    "fct_issues": "issue_id",
    "fct_pull_request_reviews": "pull_request_service_id",
    "fct_pull_requests": "pull_request_service_id",
    "fct_reviews": "review_id",
    "fct_slo_windows": "slo_window_id",
}
"""The column that names a row of each fact."""

_DURATIONS: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "fct_pull_requests": (
        ("pickup_seconds", "created_at", "first_review_at"),
        ("cycle_seconds", "created_at", "merged_at"),
        ("lead_time_seconds", "first_committed_at", "if(delivery_state = 'deployed', deployed_at, null)"),
    ),
    "fct_pull_request_reviews": (("first_review_seconds", "created_at", "first_review_at"),),
    "fct_change_failures": (("recovery_seconds", "detected_at", "restored_at"),),
    "fct_incidents": (("duration_seconds", "started_at", "resolved_at"),),
    "fct_incident_response": (
        ("detection_seconds", "impact_started_at", "detected_at"),
        ("acknowledgement_seconds", "detected_at", "acknowledged_at"),
        ("mitigation_seconds", "detected_at", "mitigated_at"),
        ("resolution_seconds", "detected_at", "resolved_at"),
    ),
    "fct_issues": (
        ("open_seconds", "created_at", "closed_at"),
        ("cycle_seconds", "started_at", "done_at"),
    ),
    "fct_issue_status_spans": (("duration_seconds", "started_at", "ended_at"),),
    "fct_ci_runs": (("duration_seconds", "started_at", "completed_at"),),
}

_DAYS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "fct_changes": (("deployed_date", "deployed_at"),),
    "fct_pull_requests": (("merged_date", "merged_at"), ("deployed_date", "deployed_at")),
    "fct_pull_request_reviews": (("merged_date", "merged_at"),),
    "fct_reviews": (("submitted_date", "submitted_at"),),
    "fct_change_failures": (("detected_date", "detected_at"), ("restored_date", "restored_at")),
    "fct_incidents": (("started_date", "started_at"),),
    "fct_incident_response": tuple(
        (f"{each}_date", f"{each}_at") for each in ("detected", "acknowledged", "mitigated", "resolved")
    ),
    "fct_issues": tuple((f"{each}_date", f"{each}_at") for each in ("created", "started", "done")),
    "fct_issue_status_spans": (("started_date", "started_at"),),
    "fct_ci_runs": (("created_date", "created_at"),),
}

_ZONE = "(select time_zone from config.reporting)"


def _wrong_durations(fact: str) -> str:
    """Rows whose duration is not the time between its instants, or is missing; a second is rounding."""
    return " union all ".join(
        f"select concat({KEYS[fact]}, ' {duration}') as item from marts.{fact} where {begins} <= {ends} "
        f"and ({duration} is null "
        f"or abs({duration} - (epoch_us({ends}) - epoch_us({begins})) // 1000000) > 1)"
        for duration, begins, ends in _DURATIONS[fact]
    )


def _wrong_days(fact: str) -> str:
    return " union all ".join(
        f"select concat({KEYS[fact]}, ' {day}') as item from marts.{fact} "
        f"where {day} is distinct from ({instant} at time zone {_ZONE})::date"
        for day, instant in _DAYS[fact]
    )


TIME_COMPARISONS: tuple[Comparison, ...] = (
    no_row_offends(
        "durations_span_their_instants",
        "A duration is the time between its two instants in seconds, and is there where they are in order.",
        {f"marts.{fact}": _wrong_durations(fact) for fact in _DURATIONS},
        measure="durations",
    ),
    no_row_offends(
        "days_are_the_days_of_their_instants",
        "A day is its instant's day in the reporting time zone.",
        {f"marts.{fact}": _wrong_days(fact) for fact in _DAYS},
        measure="days",
    ),
)
