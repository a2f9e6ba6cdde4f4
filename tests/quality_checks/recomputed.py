"""What the comparisons read that compute something a second time: columns and tables beside the sound ones.

Most rows are empty in the new columns, where nothing can be wrong; the planted faults add rows in which
something is."""

from collections.abc import Mapping

import duckdb

_INSTANT = "timestamptz"
_OWNED = {"service_id": "varchar", "team_id": "varchar", "team_path": "varchar[]", "organisation": "varchar"}

COLUMNS: Mapping[str, Mapping[str, str]] = {
    "marts.fct_deployments": _OWNED
    | {
        "environment": "varchar",
        "started_at": _INSTANT,
        "is_unplanned": "boolean",
        "has_baseline": "boolean",
    },
    "marts.fct_changes": _OWNED
    | {"pull_request_id": "varchar", "author_token": "varchar", "is_bot": "boolean"},
    "marts.fct_pull_requests": _OWNED
    | {
        "pull_request_service_id": "varchar",
        "repository": "varchar",
        "number": "bigint",
        "author_token": "varchar",
        "is_bot": "boolean",
        "change_count": "bigint",
        "review_count": "bigint",
        "first_committed_at": _INSTANT,
        "created_at": _INSTANT,
        "first_review_at": _INSTANT,
        "merged_at": _INSTANT,
        "merged_date": "date",
        "closed_at": _INSTANT,
        "deployment_id": "varchar",
        "deployed_at": _INSTANT,
        "pickup_seconds": "bigint",
        "cycle_seconds": "bigint",
        "lead_time_seconds": "bigint",
    },
    "marts.fct_pull_request_reviews": _OWNED
    | {
        "pull_request_service_id": "varchar",
        "pull_request_id": "varchar",
        "repository": "varchar",
        "number": "bigint",
        "author_token": "varchar",
        "is_bot": "boolean",
        "is_merged": "boolean",
        "is_reviewed": "boolean",
        "is_linked": "boolean",
        "created_at": _INSTANT,
        "first_review_at": _INSTANT,
        "merged_at": _INSTANT,
        "merged_date": "date",
        "review_count": "bigint",
        "review_round_count": "bigint",
        "first_review_seconds": "bigint",
        "first_review_business_seconds": "bigint",
        "changed_line_count": "bigint",
    },
    "marts.fct_reviews": _OWNED
    | {
        "repository": "varchar",
        "number": "bigint",
        "reviewer_token": "varchar",
        "is_bot": "boolean",
        "state": "varchar",
        "submitted_at": _INSTANT,
        "submitted_date": "date",
    },
    "marts.fct_change_failures": _OWNED
    | {
        "incident_ids": "varchar[]",
        "detected_at": _INSTANT,
        "restored_at": _INSTANT,
        "recovery_seconds": "bigint",
    },
    "marts.fct_incidents": _OWNED
    | {
        "service_ids": "varchar[]",
        "owning_team_ids": "varchar[]",
        "started_at": _INSTANT,
        "started_date": "date",
        "resolved_at": _INSTANT,
        "duration_seconds": "bigint",
        "is_severity_configured": "boolean",
        "link_strength": "varchar",
        "disposition": "varchar",
        "disposition_basis": "varchar",
        "deployment_ids": "varchar[]",
    },
    "marts.fct_incident_response": _OWNED
    | {
        "is_counted": "boolean",
        "is_open": "boolean",
        "impact_started_at": _INSTANT,
        "declared_at": _INSTANT,
    }
    | {f"{moment}_at": _INSTANT for moment in ("detected", "acknowledged", "mitigated", "resolved")}
    | {f"{moment}_date": "date" for moment in ("detected", "acknowledged", "mitigated", "resolved")}
    | {f"{part}_seconds": "bigint" for part in ("detection", "acknowledgement", "mitigation", "resolution")},
    "marts.fct_issues": _OWNED
    | {
        "created_date": "date",
        "closed_at": _INSTANT,
        "started_at": _INSTANT,
        "started_date": "date",
        "done_at": _INSTANT,
        "done_date": "date",
        "author_token": "varchar",
        "is_bot": "boolean",
        "is_counted": "boolean",
        "is_done": "boolean",
        "is_production_defect": "boolean",
        "was_reopened": "boolean",
        "cycle_state": "varchar",
    }
    | dict.fromkeys(
        (
            "open_seconds",
            "cycle_seconds",
            "cycle_business_seconds",
            "flow_efficiency_basis_points",
            "to_do_seconds",
            "in_progress_seconds",
        ),
        "bigint",
    ),
    "marts.fct_issue_status_spans": {
        "span_id": "varchar",
        "started_date": "date",
        "ended_at": _INSTANT,
        "status_id": "bigint",
        "category": "varchar",
    },
    "marts.fct_ci_runs": _OWNED
    | {
        "actor_token": "varchar",
        "is_bot": "boolean",
        "created_at": _INSTANT,
        "created_date": "date",
        "started_at": _INSTANT,
        "completed_at": _INSTANT,
        "duration_seconds": "bigint",
    },
    "marts.fct_slo_windows": _OWNED
    | {
        "slo_window_id": "varchar",
        "objective_id": "varchar",
        "window_kind": "varchar",
        "is_composite": "boolean",
        "is_partial": "boolean",
        "is_met": "boolean",
        "window_starts_at": _INSTANT,
        "window_ends_at": _INSTANT,
        "window_end_date": "date",
    }
    | dict.fromkeys(("slice_count", "gap_slice_count", "no_traffic_slice_count", "slice_seconds"), "bigint")
    | dict.fromkeys(
        (
            "objective_ratio",
            "attainment_ratio",
            "good_count",
            "total_count",
            "counted_units",
            "budget_units",
            "spent_units",
            "budget_left_units",
        ),
        "decimal(28, 9)",
    ),
    "intermediate.int_sli_slices": {"slice_started_at": _INSTANT}
    | dict.fromkeys(("good_count", "total_count", "counted_units", "spent_units"), "decimal(28, 9)"),
    "intermediate.int_team_exposure_days": {"person_count": "bigint"},
    "intermediate.int_service_owners_dated": {"team_id": "varchar"},
    "intermediate.int_people": {"is_bot": "boolean"},
    "config.services": {
        "service_id": "varchar",
        "deployments_from": "varchar",
        "environment_pattern": "varchar",
    },
    "config.teams": {
        "team_id": "varchar",
        "parent_team_id": "varchar",
        "valid_from": _INSTANT,
        "valid_until": _INSTANT,
    },
    "config.corrections": {"fact": "varchar", "fact_part_id": "varchar", "column_name": "varchar"},
    "config.rules": {"incident_link_hours": "integer"},
    "config.scorecard": {"minimum_team_size": "integer"},
    "config.ownership_sources": {"statement": "varchar", "source_kind": "varchar", "source_rank": "integer"},
    "config.slo_objectives": {"objective_id": "varchar", "target_ratio": "decimal(18, 9)"},
    "staging.stg_github__pull_requests": {
        "repository": "varchar",
        "number": "bigint",
        "author_token": "varchar",
        "is_author_bot": "boolean",
        "closed_at": _INSTANT,
        "merged_at": _INSTANT,
    },
    "staging.stg_github__reviews": {
        "repository": "varchar",
        "pull_request_number": "bigint",
        "reviewer_token": "varchar",
        "is_reviewer_bot": "boolean",
        "state": "varchar",
        "submitted_at": _INSTANT,
    },
    "staging.stg_github__issues": {
        "is_pull_request": "boolean",
        "created_at": _INSTANT,
        "closed_at": _INSTANT,
        "author_token": "varchar",
        "is_author_bot": "boolean",
    },
    "staging.stg_jira__current_issues": {
        "status_id": "bigint",
        "created_at": _INSTANT,
        "resolved_at": _INSTANT,
        "creator_token": "varchar",
        "is_creator_bot": "boolean",
    },
    "staging.stg_github__deployments": {"environment": "varchar"},
    "staging.stg_github__deployment_statuses": {"created_at": _INSTANT},
    "staging.stg_git__commits": {"committed_at": _INSTANT},
    "staging.stg_github__commits": {"committed_at": _INSTANT},
    "staging.stg_github__pull_request_commits": {"repository": "varchar", "committed_at": _INSTANT},
    "marts.mart_metric_values": {"is_partial": "boolean"},
    "marts.mart_ownership_coverage": {
        "fact": "varchar",
        "owned_event_count": "bigint",
        "unowned_event_count": "bigint",
    },
    "marts.mart_flow_weekly": {},
    "marts.mart_incident_response": {},
    "marts.mart_team_scorecard": {
        "metric": "varchar",
        "team_id": "varchar",
        "period_grain": "varchar",
        "period_start": "date",
        "normalisation": "varchar",
        "value": "decimal(28, 9)",
        "withheld_reason": "varchar",
    },
    "marts.mart_lead_time_breakdown": {
        "scope_kind": "varchar",
        "scope_id": "varchar",
        "period_grain": "varchar",
        "period_start": "date",
        "period_end": "date",
    }
    | {
        f"change_{part}_time_total_seconds": "bigint"
        for part in ("coding", "pickup", "review", "merge_to_deploy", "unattributed")
    },
}
"""The columns that each table must have."""

_FLOW = (
    "throughput, issue_cycle_time, issue_cycle_time_p75, issue_cycle_time_p90, issue_cycle_time_business, "
    "flow_efficiency, reopened_share, unseen_work_share, production_defects_opened, pull_requests_merged, "
    "time_to_first_review, pull_request_size, review_rounds_p75, unreviewed_merge_share, "
    "unlinked_change_share"
)
_RESPONSE = (
    "incidents_detected, incidents_open, time_to_detect, time_to_acknowledge, time_to_mitigate, "
    "time_to_resolve, time_to_resolve_p90"
)
_ROWS = """
    update intermediate.int_people set is_bot = true;
    insert into config.rules values (24);
    insert into config.scorecard values (4);
    insert into config.ownership_sources values ('services', 'settings', 1), ('services', 'backstage', 2);
    insert into config.services values ('shop', 'deployments', '^prod'), ('search', 'tags', '^prod');
    insert into config.teams values ('payments', 'commerce', '2025-01-01', null), ('commerce', null, null,
        null);
    insert into config.slo_objectives values ('answers', 0.9);
    update intermediate.int_service_owners_dated set team_id = team_path[1];
    update marts.fct_deployments set
        organisation = 'acme', is_unplanned = true, has_baseline = true, started_at = finished_at,
        team_path = case team_id
            when 'payments' then ['payments', 'commerce'] when 'commerce' then ['commerce'] else []
        end;
    update staging.stg_github__deployment_statuses as statuses set created_at = finished_at
    from marts.fct_deployments as deployments
    where deployments.deployment_id = concat('github:github:deployment:', statuses.deployment_id);
    update marts.fct_changes set
        organisation = 'acme', is_committed_at_author_settable = true,
        team_id = case service_id when 'shop' then 'payments' end,
        team_path = case service_id when 'shop' then ['payments', 'commerce'] else [] end;
    update staging.stg_git__commits set committed_at = '2026-01-31T22:00:00.900Z';
    update staging.stg_github__commits set committed_at = '2026-01-31T22:00:00.900Z';
    update staging.stg_github__pull_request_commits
    set repository = 'acme/shop', commit_sha = 'own', committed_at = '2026-01-31T22:00:00.900Z'
    where record_id = (select min(record_id) from staging.stg_github__pull_request_commits);
    update staging.stg_github__pull_requests set is_author_bot = false;
    update staging.stg_github__reviews set is_reviewer_bot = false, reviewer_token = 'p1';
    update marts.fct_pull_requests as facts set
        organisation = 'acme', pull_request_service_id = concat(facts.pull_request_id, ':', service_id),
        team_path = [], repository = records.repository, number = records.number,
        author_token = records.author_token, is_bot = false, review_count = 0,
            created_at = records.created_at,
        merged_at = records.merged_at, merged_date = (records.merged_at at time zone 'Europe/Berlin')::date,
        closed_at = records.closed_at,
        cycle_seconds = date_sub('second', records.created_at, records.merged_at)
    from staging.stg_github__pull_requests as records
    where facts.pull_request_id = concat('github:', records.source, ':pull_request:',
        records.pull_request_id);
    insert into marts.fct_pull_request_reviews by name
    select
        pull_request_service_id, pull_request_id, repository, number, author_token, is_bot, review_count,
            created_at,
        merged_at, merged_date, team_path, organisation, false as is_merged
    from marts.fct_pull_requests;
    update marts.fct_pull_requests set
        deployment_id = 'github:github:deployment:2', deployed_at = '2026-01-31T23:30:00Z',
        first_committed_at = '2026-01-31T22:00:01Z', lead_time_seconds = 5399
    where delivery_state = 'deployed';
    update marts.fct_pull_requests as facts set team_id = owners.team_id
    from config.service_owners as owners
    where owners.service_id = facts.service_id
        and owners.valid_from <= coalesce(deployed_at, merged_at, created_at)
        and coalesce(owners.valid_until, '9999-12-31') > coalesce(deployed_at, merged_at, created_at);
    update marts.fct_pull_request_reviews as facts set team_id = owners.team_id
    from config.service_owners as owners
    where owners.service_id = facts.service_id
        and owners.valid_from <= coalesce(merged_at, created_at)
        and coalesce(owners.valid_until, '9999-12-31') > coalesce(merged_at, created_at);
    update marts.fct_reviews as facts set
        repository = records.repository, number = records.pull_request_number, is_bot = false,
        reviewer_token = records.reviewer_token, state = lower(records.state),
        submitted_at = records.submitted_at,
        submitted_date = (records.submitted_at at time zone 'Europe/Berlin')::date
    from staging.stg_github__reviews as records
    where facts.review_id = concat('github:', records.source, ':review:', records.review_id);
    update marts.fct_change_failures as failures set
        organisation = 'acme', team_path = [], incident_ids = [], detected_at = deployments.finished_at
    from marts.fct_deployments as deployments
    where deployments.deployment_id = failures.deployment_id;
    update marts.fct_change_failures set
        restored_at = detected_at + interval 5399 seconds, restored_date = '2026-01-10',
            recovery_seconds = 5399
    where state = 'restored';
    update marts.fct_incidents set deployment_ids = [], service_ids = [], link_strength = 'none',
        disposition_basis = 'none', started_at = '2026-01-20T10:00:00Z', started_date = '2026-01-20';
    update marts.fct_incident_response set declared_at = '2026-01-20T10:00:00Z',
        is_counted = same_as_incident_id is null;
    update marts.fct_issue_status_spans set
        span_id = concat(issue_id, span_number), status_id = 3, started_date = '2026-01-05',
        category = case span_number when 1 then 'to_do' else 'in_progress' end;
    update marts.fct_issue_status_spans as spans set ended_at = later.started_at
    from marts.fct_issue_status_spans as later
    where later.issue_id = spans.issue_id and later.span_number = spans.span_number + 1;
    update marts.fct_issues set
        created_date = '2026-01-05', started_at = '2026-01-05T09:01:00.100Z', started_date = '2026-01-05',
        is_done = false, is_bot = false, to_do_seconds = 60, in_progress_seconds = 3600;
    update staging.stg_github__issues set created_at = '2026-01-05T09:00:00.500Z';
    update staging.stg_jira__current_issues set created_at = '2026-01-05T09:00:00.500Z';
    update intermediate.int_sli_slices set slice_started_at = '2026-01-05T09:00:00Z', counted_units = 1,
        spent_units = 0.25, good_count = 3, total_count = 4;
    insert into marts.fct_slo_windows by name
    select
        'answers:month' as slo_window_id, 'answers' as objective_id, 'month' as window_kind,
            false as is_composite,
        true as is_partial, false as is_met, timestamptz '2025-12-31T23:00:00Z' as window_starts_at,
        timestamptz '2026-01-31T23:00:00Z' as window_ends_at, date '2026-01-31' as window_end_date,
        'acme' as organisation, 0.9 as objective_ratio, 0.75 as attainment_ratio,
        sum(good_count) as good_count, sum(total_count) as total_count, sum(counted_units) as counted_units,
        sum(spent_units) as spent_units, 4 as budget_units, 4 - sum(spent_units) as budget_left_units,
        4 as slice_count, 0 as gap_slice_count, 0 as no_traffic_slice_count, 300 as slice_seconds
    from intermediate.int_sli_slices;
    create table marts.mart_slo_attainment as select *, 'service' as scope_kind from marts.fct_slo_windows;
    update marts.mart_metric_values set is_partial = false;
    create table marts.mart_dora_benchmarks as
    select *, 'month' as period_grain from marts.mart_dora_monthly;
    insert into marts.mart_ownership_coverage
    select 'deployments', count(team_id), count(*) - count(team_id) from marts.fct_deployments
    where is_production and outcome = 'success'
    union all
    select 'changes', count(team_id), count(*) - count(team_id) from marts.fct_changes;
    insert into marts.mart_lead_time_breakdown by name
    select
        'service' as scope_kind, 'shop' as scope_id, 'month' as period_grain,
            date '2026-02-01' as period_start,
        date '2026-03-01' as period_end, sum(coding_seconds)::bigint as change_coding_time_total_seconds,
        0 as change_pickup_time_total_seconds, 0 as change_review_time_total_seconds,
        sum(merge_to_deploy_seconds)::bigint as change_merge_to_deploy_time_total_seconds,
        sum(unattributed_seconds)::bigint as change_unattributed_time_total_seconds
    from marts.fct_changes where state = 'deployed';
"""


def write(con: duckdb.DuckDBPyConnection) -> None:
    """Add the columns, the tables and their rows to a warehouse that holds everything else."""
    con.execute("set timezone = 'UTC'")
    for table, columns in COLUMNS.items():
        con.execute(f"create table if not exists {table} (added boolean)")
        for name, kind in columns.items():
            con.execute(f"alter table {table} add column if not exists {name} {kind}")
        con.execute(f"alter table {table} drop column if exists added" if columns else "select 1")
    for table, metrics in (("flow_weekly", _FLOW), ("incident_response", _RESPONSE)):
        empty = ", ".join(f"null::decimal(28, 9) as {metric}" for metric in metrics.split(", "))
        con.execute(
            f"create or replace table marts.mart_{table} as "
            f"select scope_kind, scope_id, period_start, {empty} from marts.mart_metric_values limit 0"
        )
    con.execute(_ROWS)
