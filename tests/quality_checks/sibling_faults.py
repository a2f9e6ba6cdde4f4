"""Planted faults in one of two streams that tell of the same things."""

from tests.quality_checks.fault import Fault

SIBLING_FAULTS = (
    Fault(
        "pull_requests_among_issues_arrived",
        "the list of pull requests lacks one that the list of issues has",
        "delete from staging.stg_github__pull_requests where repository = 'acme/shop' and number = 3",
    ),
    Fault(
        "reviews_in_timelines_arrived",
        "a list of reviews lacks one that the timeline tells of",
        "delete from staging.stg_github__reviews where review_id = 11",
    ),
    Fault(
        "updated_deployments_have_a_status",
        "a deployment was updated and has no status",
        "delete from staging.stg_github__deployment_statuses where deployment_id = 1",
    ),
    Fault(
        "last_changes_lead_to_the_present_status",
        "the newest change of a status is missing",
        "delete from staging.stg_jira__issue_changes where change_id = 2",
    ),
    Fault(
        "incidents_in_log_entries_arrived",
        "an incident began and is not listed",
        """
        insert into raw.fetch_windows by name
        select 100000 as window_index, 'pagerduty' as source, 'pagerduty' as kind, 'incidents' as stream,
            'account' as scope, timestamptz '2026-01-01T00:00:00Z' as requested_from,
            timestamptz '2026-06-01T00:00:00Z' as requested_until,
            timestamptz '2026-06-01T00:00:00Z' as started_at;
        delete from staging.stg_pagerduty__incidents;
        """,
    ),
)
