"""Planted faults for the comparisons that compute something a second time."""

from tests.quality_checks.fault import Fault

_NEW = "insert into {subject} by name select "
_BERLIN_DAY = "timestamptz '2026-01-10T23:30:00Z'"


def _in(check: str, says: str, subject: str, sql: str) -> Fault:
    return Fault(check, says, sql, subjects=(f"marts.{subject}",))


RECORD_FAULTS = (
    Fault(
        "pull_requests_say_what_their_records_say",
        "the author is another one",
        "update staging.stg_github__pull_requests set author_token = 'another'",
    ),
    Fault(
        "pull_requests_say_what_their_records_say",
        "the first review is a bot's",
        "update {subject} set review_count = 1, first_review_at = created_at + interval 1 minute",
    ),
    Fault(
        "reviewed_pull_requests_say_what_their_records_say",
        "a bot is a person",
        "update {subject} set is_bot = true where number = (select min(number) from {subject})",
    ),
    Fault(
        "reviews_say_what_their_records_say",
        "a review is another person's",
        "update {subject} set reviewer_token = 'another'",
    ),
    Fault(
        "issues_say_what_their_records_say",
        "an issue is closed",
        "update {subject} set closed_at = '2026-03-01'",
    ),
)

_DURATIONS = (
    ("fct_pull_requests", "pull_request_service_id", "cycle_seconds", "created_at", "merged_at"),
    (
        "fct_pull_request_reviews",
        "pull_request_service_id",
        "first_review_seconds",
        "created_at",
        "first_review_at",
    ),
    ("fct_change_failures", "failure_id", "recovery_seconds", "detected_at", "restored_at"),
    ("fct_incidents", "incident_id", "duration_seconds", "started_at", "resolved_at"),
    ("fct_incident_response", "incident_id", "resolution_seconds", "detected_at", "resolved_at"),
    ("fct_issues", "issue_id", "cycle_seconds", "started_at", "done_at"),
    ("fct_issue_status_spans", "span_id", "duration_seconds", "started_at", "ended_at"),
    ("fct_ci_runs", "run_id", "duration_seconds", "started_at", "completed_at"),
)
_DAYS = (
    ("fct_changes", "change_id", "deployed_date", "deployed_at"),
    ("fct_pull_requests", "pull_request_service_id", "merged_date", "merged_at"),
    ("fct_pull_request_reviews", "pull_request_service_id", "merged_date", "merged_at"),
    ("fct_reviews", "review_id", "submitted_date", "submitted_at"),
    ("fct_change_failures", "failure_id", "restored_date", "restored_at"),
    ("fct_incidents", "incident_id", "started_date", "started_at"),
    ("fct_incident_response", "incident_id", "detected_date", "detected_at"),
    ("fct_issues", "issue_id", "done_date", "done_at"),
    ("fct_issue_status_spans", "span_id", "started_date", "started_at"),
    ("fct_ci_runs", "run_id", "created_date", "created_at"),
)
TIME_FAULTS = (
    *(
        _in(
            "durations_span_their_instants",
            f"{duration} are milliseconds",
            fact,
            f"{_NEW} 'new' as {key}, 60000 as {duration}, timestamptz '2026-01-10T10:00:00Z' as {begins}, "
            f"timestamptz '2026-01-10T10:01:00Z' as {ends}",
        )
        for fact, key, duration, begins, ends in _DURATIONS
    ),
    *(
        _in(
            "days_are_the_days_of_their_instants",
            f"{day} is a day of UTC",
            fact,
            f"{_NEW} 'new' as {key}, {_BERLIN_DAY} as {instant}, date '2026-01-10' as {day}",
        )
        for fact, key, day, instant in _DAYS
    ),
)

OWNERSHIP_FAULTS = (
    *(
        _in(
            "facts_belong_to_their_owner",
            "it belongs to the owner of today",
            fact,
            f"{_NEW} 'new' as {key}, 'shop' as service_id, 'commerce' as team_id, "
            f"timestamptz '2026-01-10T10:00:00Z' as {instant}",
        )
        for fact, key, instant in (
            ("fct_changes", "change_id", "committed_at"),
            ("fct_pull_requests", "pull_request_service_id", "created_at"),
            ("fct_pull_request_reviews", "pull_request_service_id", "created_at"),
            ("fct_reviews", "review_id", "submitted_at"),
            ("fct_ci_runs", "run_id", "created_at"),
            ("fct_issues", "issue_id", "created_at"),
            ("fct_incidents", "incident_id", "started_at"),
            ("fct_incident_response", "incident_id", "detected_at"),
        )
    ),
    *(
        _in(
            "bots_are_told_from_people",
            "a bot is a person",
            fact,
            f"{_NEW} 'new' as {key}, 'account' as {account}, false as is_bot",
        )
        for fact, key, account in (
            ("fct_changes", "change_id", "author_token"),
            ("fct_pull_requests", "pull_request_service_id", "author_token"),
            ("fct_pull_request_reviews", "pull_request_service_id", "author_token"),
            ("fct_reviews", "review_id", "reviewer_token"),
            ("fct_ci_runs", "run_id", "actor_token"),
        )
    ),
    Fault(
        "teams_roll_up_to_their_parents",
        "the parent is left out",
        "update {subject} set team_path = ['payments'] where team_id = 'payments'",
    ),
    Fault(
        "teams_roll_up_to_their_parents",
        "the team counts twice",
        "update {subject} set team_path = ['payments', 'commerce', 'commerce'] where team_id = 'payments'",
    ),
    Fault(
        "services_have_one_owner_at_a_time",
        "the former owner keeps the service for a day",
        "update {subject} set valid_until = valid_until + interval 1 day where team_id = 'payments'",
    ),
    Fault(
        "stated_ownership_is_whole",
        "nobody owns the service for a day",
        "update {subject} set valid_from = valid_from + interval 1 day where team_id = 'commerce'",
    ),
)

_INCIDENT = (
    "update marts.fct_incidents set service_ids = ['shop'], started_at = '2026-01-10T12:00:00Z', "
    "started_date = '2026-01-10' where incident_id = 'tracked'"
)
LINK_FAULTS = (
    Fault(
        "deployed_facts_name_their_deployment",
        "it names a deployment of another service",
        "update {subject} set deployment_id = 'github:github:deployment:101' where deployment_id is not null",
    ),
    Fault(
        "changes_begin_with_their_commit",
        "a change begins when it was authored",
        "update {subject} set committed_at = committed_at - interval 1 day",
    ),
    Fault(
        "pull_requests_begin_with_their_first_change",
        "a pull request begins with its last change",
        "update marts.fct_changes set pull_request_id = (select min(pull_request_id) from {subject} "
        "where service_id = 'shop') where service_id = 'shop'",
    ),
    Fault(
        "incidents_are_linked_to_the_nearest_deployment",
        "an incident two hours after a deployment is linked with none",
        _INCIDENT,
    ),
    Fault(
        "incidents_last_as_they_are_told",
        "an incident ends though nobody says so",
        "update {subject} set resolved_at = '2026-03-01'",
    ),
    Fault(
        "incidents_last_as_they_are_told",
        "an incident begins before anybody noticed",
        "update {subject} set started_at = started_at - interval 1 minute",
    ),
    Fault(
        "incidents_count_once",
        "what two tools tell counts twice",
        "update {subject} set is_counted = true",
    ),
    Fault(
        "changes_have_a_baseline_and_are_no_merges",
        "the first deployment ever deploys changes",
        "update marts.fct_deployments set has_baseline = false",
    ),
    Fault(
        "changes_have_a_baseline_and_are_no_merges",
        "a merge is a change",
        "update staging.stg_git__commits set parent_shas = ['one', 'two']",
    ),
    Fault(
        "incidents_follow_what_caused_them",
        "an incident is linked with a deployment that came after it",
        "update {subject} set deployment_ids = ['github:github:deployment:101']",
    ),
    Fault(
        "failures_last_as_long_as_their_incidents",
        "a failure is older than its deployment and has no incident",
        "update {subject} set detected_at = detected_at - interval 1 day",
    ),
    Fault(
        "failures_last_as_long_as_their_incidents",
        "a failure names an incident that is linked with another deployment",
        "update {subject} set incident_ids = ['other']",
    ),
    Fault(
        "production_is_what_the_settings_call_so",
        "staging is production",
        "update {subject} set environment = 'staging' where service_id = 'shop'",
    ),
    Fault(
        "production_is_what_the_settings_call_so",
        "a rollout to staging is a part of one to production",
        "update staging.stg_github__deployments set environment = 'staging'",
    ),
    Fault(
        "deployments_end_with_their_success",
        "a deployment ends when the next one begins",
        "update {subject} set finished_at = finished_at + interval 1 day where service_id = 'shop'",
    ),
    Fault(
        "status_spans_follow_each_other",
        "two spans overlap",
        "update {subject} set ended_at = ended_at + interval 1 hour where span_number = 1",
    ),
    Fault(
        "status_spans_follow_each_other", "a span is missing", "delete from {subject} where span_number = 2"
    ),
    Fault(
        "histories_end_in_the_present_status",
        "the last change of a changelog is missing",
        "update staging.stg_jira__current_issues set status_id = 4",
    ),
    Fault(
        "cycles_are_those_of_their_spans",
        "a cycle begins when the issue is written",
        "update {subject} set started_at = created_at",
    ),
    Fault(
        "cycles_are_those_of_their_spans",
        "an issue is done that is in progress",
        "update {subject} set is_done = true, done_at = '2026-01-06'",
    ),
)

OBJECTIVE_FAULTS = (
    Fault(
        "slo_windows_add_up_their_slices",
        "a slice is lost",
        "delete from intermediate.int_sli_slices "
        "where slice_number = (select min(slice_number) from intermediate.int_sli_slices)",
    ),
    Fault(
        "slo_windows_add_up_their_slices",
        "slices count twice",
        "insert into intermediate.int_sli_slices from intermediate.int_sli_slices",
    ),
    Fault(
        "slo_budgets_are_of_their_objective",
        "the target is another one",
        "update {subject} set objective_ratio = 0.5",
    ),
    Fault(
        "slo_budgets_are_of_their_objective",
        "what is left has the wrong sign",
        "update {subject} set budget_left_units = -budget_left_units",
    ),
    Fault("slo_budgets_are_of_their_objective", "a missed one is met", "update {subject} set is_met = true"),
)

VALUE_FAULTS = (
    Fault(
        "values_are_what_facts_give",
        "a lead time is in hours",
        "update {subject} set value = value / 3600 where metric = 'change_lead_time'",
    ),
    Fault(
        "values_are_what_facts_give",
        "a value is silently empty",
        "update {subject} set value = null where metric = 'change_lead_time_p90'",
    ),
    Fault(
        "every_period_has_its_values",
        "a month is missing",
        "delete from {subject} where period_start = '2026-02-01'",
    ),
    Fault(
        "periods_are_calendar_periods",
        "months end a day early",
        "update {subject} set period_end = period_end - 1",
    ),
    Fault(
        "periods_are_calendar_periods",
        "months begin on the second",
        "update {subject} set period_start = period_start + 1, period_end = period_end + 1",
    ),
)

WIDE_FAULTS = (
    _in(
        "shown_values_equal_long_ones",
        "the table has a value that the long one has not",
        "mart_flow_weekly",
        f"{_NEW} 'service' as scope_kind, 'shop' as scope_id, date '2026-01-05' as period_start, "
        "3 as throughput",
    ),
    _in(
        "shown_values_equal_long_ones",
        "the table lacks what the long one has",
        "mart_incident_response",
        "update marts.mart_metric_values set metric = 'incidents_detected' where metric = 'changes_deployed'",
    ),
    Fault(
        "scorecards_show_the_values_of_teams",
        "a scorecard shows a value that the team has not",
        f"{_NEW} 'changes_deployed' as metric, 'commerce' as team_id, 'month' as period_grain, "
        "date '2026-01-01' as period_start, 'none' as normalisation, 3 as value",
    ),
    Fault(
        "lead_time_shares_are_of_all_changes",
        "a part is that of the run before",
        "update {subject} set change_coding_time_total_seconds = 7",
    ),
    Fault(
        "attainments_are_those_of_the_windows",
        "an attainment is that of the run before",
        "update {subject} set attainment_ratio = 0.5",
    ),
    Fault(
        "benchmarks_are_of_the_same_events",
        "a benchmark lacks a scope",
        "delete from {subject} where scope_id = 'shop'",
    ),
    Fault(
        "coverage_counts_every_fact",
        "a deployment without an owner is left out",
        "update {subject} set unowned_event_count = 0",
    ),
    Fault(
        "small_teams_are_withheld",
        "a team of three shows a value",
        "update intermediate.int_team_exposure_days set person_count = 3; "
        "insert into {subject} by name select 'changes_deployed' as metric, 'team' as scope_kind, "
        "'payments' as scope_id, 'month' as period_grain, date '2026-02-01' as period_start, "
        "date '2026-03-01' as period_end, 3 as value, 3 as n",
    ),
)

RECOMPUTED_FAULTS = (
    *RECORD_FAULTS,
    *TIME_FAULTS,
    *OWNERSHIP_FAULTS,
    *LINK_FAULTS,
    *OBJECTIVE_FAULTS,
    *VALUE_FAULTS,
    *WIDE_FAULTS,
)
