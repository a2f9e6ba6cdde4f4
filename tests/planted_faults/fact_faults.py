"""Faults in facts."""

from tests.planted_faults.warehouse_fault import WarehouseFault, mistake, spoiled

FACT_FAULTS: tuple[WarehouseFault, ...] = (
    mistake(
        "facts",
        "deployments-on-days-of-another-zone",
        "Deployments count on the day of another time zone.",
        relation="marts.fct_deployments",
        replaced=(
            (
                "deployments.finished_at at time zone reporting.time_zone",
                "deployments.finished_at at time zone 'Pacific/Auckland'",
            ),
        ),
        caught_by=(
            "deployments_count_on_their_day",
            "services_add_up_to_the_organisation",
            "values_count_every_fact",
        ),
    ),
    mistake(
        "facts",
        "changes-on-days-of-another-zone",
        "Changes count on the day of another time zone.",
        relation="marts.fct_changes",
        replaced=(
            (
                "parted.deployed_at at time zone reporting.time_zone",
                "parted.deployed_at at time zone 'Pacific/Auckland'",
            ),
        ),
        caught_by=("days_are_the_days_of_their_instants",),
    ),
    mistake(
        "facts",
        "lead-times-in-milliseconds",
        "Lead times are milliseconds in a column of seconds.",
        relation="marts.fct_changes",
        replaced=(("date_sub('second'", "date_sub('millisecond'"),),
        caught_by=("lead_times_span_their_instants",),
    ),
    mistake(
        "facts",
        "lead-times-rounded",
        "Lead times are rounded to hours.",
        relation="marts.fct_changes",
        replaced=(
            (
                "date_sub('second', committed_at, deployed_at)",
                "(date_sub('second', committed_at, deployed_at) // 3600) * 3600",
            ),
        ),
        caught_by=(
            "lead_times_span_their_instants",
            "lead_time_parts_are_not_negative",
        ),
    ),
    mistake(
        "facts",
        "recovery-in-minutes",
        "Recovery times are minutes in a column of seconds.",
        relation="marts.fct_change_failures",
        replaced=(("date_sub('second', timed.detected_at", "date_sub('minute', timed.detected_at"),),
        caught_by=("durations_span_their_instants",),
    ),
    mistake(
        "facts",
        "recovered-with-the-first-incident",
        "A failure is over when the first of its incidents is.",
        relation="marts.fct_change_failures",
        replaced=(("then max(resolved_at)", "then min(resolved_at) - interval 5 minutes"),),
        caught_by=("failures_last_as_long_as_their_incidents",),
    ),
    mistake(
        "facts",
        "pull-requests-end-when-closed",
        "A pull request takes until its branch is gone.",
        relation="marts.fct_pull_requests",
        replaced=(
            (
                "date_sub('second', pull_requests.created_at, pull_requests.merged_at) as cycle_seconds",
                "date_sub('second', pull_requests.created_at, pull_requests.updated_at) as cycle_seconds",
            ),
        ),
        caught_by=("durations_span_their_instants",),
    ),
    mistake(
        "facts",
        "pull-requests-of-their-first-owner",
        "A pull request belongs to whom its service belonged to when it was opened.",
        relation="marts.fct_pull_requests",
        replaced=(
            (
                "coalesce(pull_requests.deployed_at, pull_requests.merged_at, pull_requests.created_at)",
                "pull_requests.created_at",
            ),
        ),
        caught_by=("facts_belong_to_their_owner",),
    ),
    mistake(
        "facts",
        "resolution-runs-backwards",
        "Resolution lasts from when an incident was over to when it was noticed.",
        relation="marts.fct_incident_response",
        replaced=(
            (
                "date_sub('second', incidents.detected_at, incidents.resolved_at)",
                "date_sub('second', incidents.resolved_at, incidents.detected_at)",
            ),
        ),
        caught_by=(
            "durations_span_their_instants",
            "response_times_are_not_negative",
        ),
    ),
    mistake(
        "facts",
        "answered-incidents-count-twice",
        "What two tools tell of one incident counts as two.",
        relation="marts.fct_incident_response",
        replaced=(("incidents.same_as_incident_id is null as is_counted", "true as is_counted"),),
        caught_by=("incidents_count_once",),
    ),
    mistake(
        "facts",
        "teams-lose-their-parents",
        "What a team deploys no longer counts for its parents.",
        relation="marts.fct_deployments",
        replaced=(
            (
                "coalesce(owners.team_path, []) as team_path",
                "coalesce(owners.team_path[1:1], []) as team_path",
            ),
        ),
        caught_by=("teams_roll_up_to_their_parents",),
    ),
    mistake(
        "facts",
        "a-team-is-lost",
        "Deployments of one team belong to nobody.",
        relation="marts.fct_deployments",
        replaced=(
            (
                "    owners.team_id,\n    coalesce(owners.team_path, []) as team_path",
                (
                    "    nullif(owners.team_id, 'payments') as team_id,\n    case when "
                    "owners.team_id <> 'payments' then owners.team_path else [] end as team_path"
                ),
            ),
        ),
        caught_by=("deployments_belong_to_their_owner",),
    ),
    mistake(
        "facts",
        "failed-rollouts-succeed",
        "Failed rollouts count as deployments.",
        relation="marts.fct_deployments",
        replaced=(("    deployments.outcome,", "    'success' as outcome,"),),
        caught_by=("deployments_end_with_their_success",),
    ),
    mistake(
        "facts",
        "rule-links-are-named",
        "Failures that only the rule finds count as named.",
        relation="marts.fct_deployments",
        replaced=(
            (
                "coalesce(failures.is_explicit, false) as is_change_failure_explicit",
                "failures.deployment_id is not null as is_change_failure_explicit",
            ),
        ),
        caught_by=("failures_are_failed_deployments",),
    ),
    spoiled(
        "facts",
        "deployments-doubled",
        "A join doubles the deployments of one service.",
        relation="marts.fct_deployments",
        sql="""
            insert into {relation}
            from {relation}
            where service_id = (select min(service_id)
            from {relation})
        """,
        caught_by=(
            "deployment_parts_stand_once",
            "deployments_are_conserved",
            "deployments_belong_to_their_owner",
        ),
    ),
    spoiled(
        "facts",
        "deployment-lost",
        "One deployment is lost.",
        relation="marts.fct_deployments",
        sql="""
            delete
            from {relation}
            where deployment_id = (select max(deployment_id)
            from {relation}
            where is_production
            and outcome = 'success')
        """,
        caught_by=(
            "deployed_facts_name_their_deployment",
            "deployment_parts_stand_once",
            "deployments_are_conserved",
        ),
    ),
    spoiled(
        "facts",
        "changes-deployed-by-another",
        "Two changes have changed their deployments.",
        relation="marts.fct_changes",
        sql="""
            update {relation} as rows
            set deployment_id = swapped.deployment_id
            from (select change_id, lead(deployment_id) over (order by change_id) as deployment_id
            from {relation}
            where state = 'deployed') as swapped
            where rows.change_id = swapped.change_id
            and swapped.deployment_id is not null
        """,
        caught_by=("deployed_facts_name_their_deployment",),
    ),
    mistake(
        "facts",
        "bots-merge-too",
        "Pull requests of bots count as those of people.",
        relation="marts.fct_pull_request_reviews",
        replaced=(("pull_requests.is_bot,", "false as is_bot,"),),
        caught_by=(
            "bots_are_told_from_people",
            "reviewed_pull_requests_say_what_their_records_say",
        ),
    ),
    mistake(
        "facts",
        "opened-defects-are-done",
        "The day on which an issue was written is taken for that on which it was done.",
        relation="marts.fct_issues",
        replaced=(
            (
                "(items.done_at at time zone reporting.time_zone)",
                "(items.created_at at time zone reporting.time_zone)",
            ),
        ),
        caught_by=("days_are_the_days_of_their_instants",),
    ),
    mistake(
        "facts",
        "partial-windows-are-whole",
        "Windows of objectives that go on count as over.",
        relation="marts.fct_slo_windows",
        replaced=(("windows.is_partial,", "false as is_partial,"),),
        caught_by=("slo_budgets_are_of_their_objective",),
    ),
)
