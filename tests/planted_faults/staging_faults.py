"""Faults in staging and in intermediate models."""

from tests.planted_faults.warehouse_fault import WarehouseFault, mistake, spoiled

STAGING_FAULTS: tuple[WarehouseFault, ...] = (
    mistake(
        "staging",
        "pull-requests-merge-an-hour-late",
        "Instants of merges are read in another time zone.",
        relation="staging.stg_github__pull_requests",
        replaced=(
            (
                "try_cast(record.merged_at as timestamptz) as merged_at",
                "try_cast(record.merged_at as timestamptz) + interval 1 hour as merged_at",
            ),
        ),
        caught_by=("staged_values_are_those_of_their_records",),
    ),
    mistake(
        "staging",
        "closed-read-as-merged",
        "The day on which a pull request was closed is taken for that of its merge.",
        relation="staging.stg_github__pull_requests",
        replaced=(
            (
                "try_cast(record.merged_at as timestamptz) as merged_at",
                "try_cast(record.closed_at as timestamptz) as merged_at",
            ),
        ),
        caught_by=("staged_values_are_those_of_their_records",),
    ),
    mistake(
        "staging",
        "oldest-version-wins",
        "Of several versions of a pull request the oldest one is kept.",
        relation="staging.stg_github__pull_requests",
        replaced=(
            (
                "order by source_updated_at desc nulls last, record_id desc",
                "order by source_updated_at, record_id",
            ),
        ),
        caught_by=("newest_versions_are_staged",),
    ),
    mistake(
        "staging",
        "bots-are-people",
        "Staging forgets which authors are bots.",
        relation="staging.stg_github__pull_requests",
        replaced=(("coalesce(author.is_bot, false) as is_author_bot", "false as is_author_bot"),),
        caught_by=("bots_are_told_from_people",),
    ),
    spoiled(
        "staging",
        "pull-request-lost",
        "One pull request is lost on its way into staging.",
        relation="staging.stg_github__pull_requests",
        sql="""
            delete
            from {relation}
            where merged_at = (select min(merged_at)
            from {relation})
        """,
        caught_by=(
            "landed_keys_are_staged",
            "parents_were_read",
        ),
    ),
    spoiled(
        "staging",
        "pull-request-ids-swapped",
        "Two pull requests have changed their ids.",
        relation="staging.stg_github__pull_requests",
        sql="""
            update {relation} as rows
            set pull_request_id = swapped.other
            from (select min(pull_request_id) as one, max(pull_request_id) as other
            from {relation}
            where merged_at is not null
            union all select max(pull_request_id), min(pull_request_id)
            from {relation}
            where merged_at is not null) as swapped
            where rows.pull_request_id = swapped.one
        """,
        caught_by=(
            "newest_versions_are_staged",
            "staged_values_are_those_of_their_records",
        ),
    ),
    spoiled(
        "staging",
        "review-doubled",
        "A review stands twice.",
        relation="staging.stg_github__reviews",
        sql="""
            insert into {relation}
            from {relation}
            where review_id = (select min(review_id)
            from {relation})
        """,
        caught_by=(
            "newest_sets_are_staged",
            "unique_fct_reviews_review_id",
            "unique_int_domain__pull_request_comments_id",
        ),
    ),
    mistake(
        "staging",
        "review-instants-silently-empty",
        "Instants of approvals fail to be read and are empty, without a word.",
        relation="staging.stg_github__reviews",
        replaced=(
            (
                "try_cast(record.submitted_at as timestamptz) as submitted_at",
                (
                    "case when upper(record.state) <> 'APPROVED' then try_cast(record.submitted_at "
                    "as timestamptz) end as submitted_at"
                ),
            ),
        ),
        caught_by=("staged_values_are_those_of_their_records",),
    ),
    mistake(
        "staging",
        "deployment-environments-merged",
        "Every environment is read as production.",
        relation="staging.stg_github__deployments",
        replaced=(("record.environment as environment", "'production' as environment"),),
        caught_by=("staged_values_are_those_of_their_records",),
    ),
    mistake(
        "staging",
        "commit-dates-of-authors",
        "The instant at which a commit was authored is taken for that at which it was committed.",
        relation="staging.stg_git__commits",
        replaced=(
            (
                "try_cast(fields[8] as timestamptz) as committed_at",
                "try_cast(fields[5] as timestamptz) as committed_at",
            ),
        ),
        caught_by=("staged_values_are_those_of_their_records",),
    ),
    mistake(
        "staging",
        "issues-read-in-local-time",
        "Instants of issues lose their offset.",
        relation="staging.stg_jira__issues",
        replaced=(
            (
                "try_cast(fields.created as timestamptz) as created_at",
                "try_cast(fields.created as timestamptz) - interval 2 hours as created_at",
            ),
        ),
        caught_by=("staged_values_are_those_of_their_records",),
    ),
    spoiled(
        "staging",
        "changelogs-truncated",
        "The newest change of every issue is missing.",
        relation="staging.stg_jira__changelogs",
        sql="""
            delete
            from {relation} as rows
            using (select source, issue_id, max(changed_at) as last_at
            from {relation}
            group by all) as ends
            where rows.issue_id = ends.issue_id
            and rows.changed_at = ends.last_at
        """,
        caught_by=("histories_end_in_the_present_status",),
    ),
    spoiled(
        "staging",
        "one-status-change-lost",
        "Of one issue the last change of status is missing.",
        relation="staging.stg_jira__changelogs",
        sql="""
            delete
            from {relation}
            where (issue_id, changed_at) = (select (issue_id, changed_at)
            from {relation}
            where lower(field_name) = 'status'
            order by changed_at desc, issue_id limit 1)
        """,
        caught_by=("histories_end_in_the_present_status",),
    ),
    mistake(
        "staging",
        "incident-times-in-another-zone",
        "Times of pages lose their offset.",
        relation="staging.stg_pagerduty__incidents",
        replaced=(
            (
                "try_cast(record.created_at as timestamptz) as created_at",
                "try_cast(record.created_at as timestamptz) + interval 2 hours as created_at",
            ),
        ),
        caught_by=("staged_values_are_those_of_their_records",),
    ),
    mistake(
        "staging",
        "measurements-drift",
        "Instants of measurements drift by a millionth part.",
        relation="staging.stg_prometheus__range_samples",
        replaced=(("* 1000000) as bigint)", "* 1000001) as bigint)"),),
        caught_by=(),
        why_uncaught="Series of measurements are not read a second time.",
    ),
    mistake(
        "staging",
        "staging-is-production",
        "Deployments to staging count as those to production.",
        relation="intermediate.int_deployments_reported",
        replaced=(("regexp_matches(deployments.environment, services.environment_pattern)", "true"),),
        caught_by=("production_is_what_the_settings_call_so",),
    ),
    mistake(
        "staging",
        "deployments-end-with-their-last-status",
        "A deployment ends when the next one makes it inactive.",
        relation="intermediate.int_deployments_reported",
        replaced=(
            (
                "min(created_at) filter (where state = 'success') as succeeded_at",
                "max(created_at) filter (where state <> 'failure') as succeeded_at",
            ),
        ),
        caught_by=("deployments_end_with_their_success",),
    ),
    mistake(
        "staging",
        "reviews-of-bots-count",
        "Reviews of bots count as reviews.",
        relation="intermediate.int_pull_requests_reviewed",
        replaced=(("not coalesce(reviews.is_reviewer_bot, false)", "true"),),
        caught_by=(
            "pull_requests_say_what_their_records_say",
            "reviewed_pull_requests_say_what_their_records_say",
        ),
    ),
    spoiled(
        "staging",
        "ownership-gap",
        "For ten days after a change of owners nobody owns the service.",
        relation="intermediate.int_service_owners_dated",
        sql="""
            update {relation}
            set valid_from = valid_from + interval 10 days
            where valid_from > timestamptz '2026-01-01'
        """,
        caught_by=(
            "deployments_belong_to_their_owner",
            "facts_belong_to_their_owner",
            "stated_ownership_is_whole",
        ),
    ),
    spoiled(
        "staging",
        "ownership-overlap",
        "For ten days after a change of owners both teams own the service.",
        relation="intermediate.int_service_owners_dated",
        sql="""
            update {relation}
            set valid_until = valid_until + interval 10 days
            where valid_until < timestamptz '2027-01-01'
        """,
        caught_by=(
            "changes_are_conserved",
            "cycles_are_those_of_their_spans",
            "deployment_parts_stand_once",
        ),
    ),
    mistake(
        "staging",
        "later-owner-wins",
        "What a service did before belongs to the team that owns it today.",
        relation="intermediate.int_service_owner_claims",
        replaced=(
            (
                (
                    "statements.valid_from <= spans.valid_from\n        and statements.valid_until "
                    "> spans.valid_from"
                ),
                "statements.valid_until > timestamptz '2027-01-01'",
            ),
        ),
        caught_by=(
            "deployments_belong_to_their_owner",
            "facts_belong_to_their_owner",
        ),
    ),
    mistake(
        "staging",
        "changes-begin-when-authored",
        "Lead times begin when commits were authored.",
        relation="intermediate.int_changes_timed",
        replaced=(
            (
                "coalesce(first_seen.seen_at, changes.committer_at) as committed_at",
                "changes.authored_at as committed_at",
            ),
        ),
        caught_by=("changes_begin_with_their_commit",),
    ),
    mistake(
        "staging",
        "excluded-changes-count",
        "Changes whose deployment has nothing to compare with count as deployed.",
        relation="intermediate.int_changes_timed",
        replaced=(("when deployed.is_baseline then 'no_baseline'", ""),),
        caught_by=("changes_have_a_baseline_and_are_no_merges",),
    ),
    mistake(
        "staging",
        "merges-count-as-changes",
        "Commits that only merge count as changes.",
        relation="intermediate.int_changes",
        replaced=(("where not commits.is_merge\n        and not exists", "where not exists"),),
        caught_by=("changes_have_a_baseline_and_are_no_merges",),
    ),
    mistake(
        "staging",
        "incidents-blame-the-first-deployment",
        "By the rule an incident is linked with the earliest deployment of its service.",
        relation="intermediate.int_incident_links",
        replaced=(
            (
                "order by deployments.finished_at desc, deployments.deployment_id desc",
                "order by deployments.finished_at, deployments.deployment_id",
            ),
        ),
        caught_by=("incidents_are_linked_to_the_nearest_deployment",),
    ),
    mistake(
        "staging",
        "incidents-blame-any-deployment",
        "The rule links incidents however long ago the deployment was.",
        relation="intermediate.int_incident_links",
        replaced=(
            (
                (
                    "and deployments.finished_at >= incidents.started_at - "
                    "rules.incident_link_hours * interval 1 hour"
                ),
                "",
            ),
        ),
        caught_by=("incidents_are_linked_to_the_nearest_deployment",),
    ),
    mistake(
        "staging",
        "incidents-end-when-somebody-answers",
        "An incident is over when somebody begins to work on it.",
        relation="intermediate.int_incidents",
        replaced=(("counted.resolved_at,", "counted.declared_at + interval 10 minutes as resolved_at,"),),
        caught_by=("incidents_last_as_they_are_told",),
    ),
    spoiled(
        "staging",
        "people-split",
        "Accounts that were merged are people of their own again.",
        relation="intermediate.int_people",
        sql="update {relation} set person_token = account_token",
        caught_by=(),
        why_uncaught="Only the vault knows who is who, and checks do not open it.",
    ),
    mistake(
        "staging",
        "leave-is-work",
        "People on leave work.",
        relation="intermediate.int_team_member_days",
        replaced=(("where away.person_token is null", ""),),
        caught_by=("exposure_adds_up_to_employment",),
    ),
    spoiled(
        "staging",
        "exposure-doubled",
        "Who is on a team counts twice.",
        relation="intermediate.int_team_member_days",
        sql="insert into {relation} from {relation} where team_id is not null",
        caught_by=("exposure_adds_up_to_employment",),
    ),
    mistake(
        "staging",
        "statuses-overlap",
        "Every span of an issue lasts until the end of the next one.",
        relation="intermediate.int_issue_status_spans",
        replaced=(("lead(started_at) over so_on as ended_at", "lead(started_at, 2) over so_on as ended_at"),),
        caught_by=(
            "cycles_are_those_of_their_spans",
            "histories_end_in_the_present_status",
            "issues_are_in_one_status",
        ),
    ),
    mistake(
        "staging",
        "cycles-begin-with-creation",
        "A cycle begins when an issue is written.",
        relation="intermediate.int_issue_cycles",
        replaced=(
            (
                "min(started_at) filter (where category = 'in_progress') as started_at",
                "min(started_at) as started_at",
            ),
        ),
        caught_by=("cycles_are_those_of_their_spans",),
    ),
    mistake(
        "staging",
        "pull-requests-are-issues",
        "Pull requests, which one API lists among issues, count as work items.",
        relation="intermediate.int_work_items_collected",
        replaced=(("where not coalesce(is_pull_request, false)", "where true"),),
        caught_by=(
            "issues_are_conserved",
            "issues_say_what_their_records_say",
        ),
    ),
    spoiled(
        "staging",
        "slices-lost",
        "Every tenth slice of objectives is missing.",
        relation="intermediate.int_sli_slices",
        sql="delete from {relation} where slice_number % 10 = 3",
        caught_by=(
            "slices_tile_what_was_measured",
            "slo_budgets_are_of_their_objective",
            "slo_windows_add_up_their_slices",
        ),
    ),
    spoiled(
        "staging",
        "slices-doubled",
        "Slices of one objective stand twice.",
        relation="intermediate.int_sli_slices",
        sql="""
            insert into {relation}
            from {relation}
            where objective_id = (select min(objective_id)
            from {relation})
        """,
        caught_by=(
            "slices_tile_what_was_measured",
            "slo_budgets_are_of_their_objective",
            "slo_windows_add_up_their_slices",
        ),
    ),
    mistake(
        "staging",
        "objectives-are-lower",
        "Attainment is held against another target than the objective names.",
        relation="intermediate.int_slo_attainments",
        replaced=(("objectives.target_ratio", "cast(objectives.target_ratio - 0.05 as decimal(18, 9))"),),
        caught_by=("slo_budgets_are_of_their_objective",),
    ),
    mistake(
        "staging",
        "budgets-have-the-wrong-sign",
        "What is left of a budget is what was spent too much.",
        relation="intermediate.int_slo_attainments",
        replaced=(
            (
                "budget_units - spent_units as budget_left_units",
                "spent_units - budget_units as budget_left_units",
            ),
        ),
        caught_by=(
            "slo_budgets_are_of_their_objective",
            "budget_left_is_what_is_not_spent",
        ),
    ),
)
