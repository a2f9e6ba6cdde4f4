"""Sound intermediate models, facts and marts over the small evidence: what the models would make of it."""

import duckdb

MONTHS = ("2026-01-01", "2026-02-01")
TEAM, HEIR = "payments", "commerce"

_CONFIG = """
    create table config.reporting (
        organisation varchar, time_zone varchar, coverage_from timestamptz, coverage_until timestamptz
    );
    insert into config.reporting values
        ('acme', 'Europe/Berlin', '2025-12-31T23:00:00Z', '2026-02-28T23:00:00Z');
    create table config.corrections (fact varchar, fact_part_id varchar, column_name varchar);
    create table config.service_owners (
        service_id varchar, team_id varchar, valid_from timestamptz, valid_until timestamptz
    );
    insert into config.service_owners values
        ('shop', 'payments', '2025-01-01T00:00:00Z', '2026-02-01T00:00:00Z'),
        ('shop', 'commerce', '2026-02-01T00:00:00Z', null);
"""

# Deployments 1 and 2 of the shop and 101 of the search; 3 is a rollout that failed.
_DEPLOYMENTS = """
    create schema intermediate;
    create schema marts;
    alter table staging.stg_github__deployments add column is_production_environment boolean default true;
    alter table staging.stg_github__deployment_statuses add column deployment_id bigint;
    alter table staging.stg_github__deployment_statuses add column state varchar default 'success';
    update staging.stg_github__deployment_statuses set deployment_id = status_id // 10;
    update staging.stg_github__deployment_statuses set state = 'failure'
    where deployment_id not in (1, 2, 101);
    create table marts.dim_services (service_id varchar, repository varchar, deployments_from varchar);
    insert into marts.dim_services values
        ('shop', 'acme/shop', 'deployments'), ('search', 'acme/search', 'deployments');
    create table intermediate.int_deployments_rolled_out as
    select
        concat('github:github:deployment:', number) as deployment_id, service_id,
        concat('acme/', service_id) as repository, finished_at::timestamptz as finished_at,
        true as is_production, outcome
    from (values
        (1, 'shop', '2026-01-10T10:00:00Z', 'success'),
        (2, 'shop', '2026-01-31T23:30:00Z', 'success'),
        (3, 'shop', '2026-02-02T10:00:00Z', 'failed_rollout'),
        (101, 'search', '2026-02-03T10:00:00Z', 'success')
    ) as rolled_out (number, service_id, finished_at, outcome);
    create table intermediate.int_deployment_parts as
    select service_id, deployment_id as part_id, 'succeeded' as state, deployment_id
    from intermediate.int_deployments_rolled_out
    union all
    select 'shop', 'github:github:deployment:9', 'unfinished', null;
    create table marts.fct_deployments as
    select
        deployment_id, service_id, repository, is_production, outcome, finished_at,
        (finished_at at time zone 'Europe/Berlin')::date as deployed_date,
        case
            when service_id = 'shop' then if(finished_at < '2026-02-01', 'payments', 'commerce')
        end as team_id,
        deployment_id in ('github:github:deployment:1', 'github:github:deployment:2') as is_change_failure,
        deployment_id = 'github:github:deployment:2' as is_change_failure_explicit,
        [deployment_id] as part_ids
    from intermediate.int_deployments_rolled_out;
    create table marts.fct_change_failures as
    select
        concat(number, basis) as failure_id, concat('github:github:deployment:', number) as deployment_id,
        'shop' as service_id, basis as link_basis, state, detected::date as detected_date,
        restored::date as restored_date
    from (values
        (1, 'any', 'restored', '2026-01-10', '2026-01-11'),
        (2, 'any', 'open', '2026-02-01', null),
        (2, 'explicit', 'open', '2026-02-01', null)
    ) as failures (number, basis, state, detected, restored);
"""

# Every commit of a clone is a change of its repository's service, but one: a squash that carries a change.
_CHANGES = """
    alter table staging.stg_git__commits add column parent_shas varchar[] default ['parent'];
    alter table staging.stg_github__commits add column parent_shas varchar[] default ['parent'];
    create table intermediate.int_pull_request_changes as
    select repository, 'own' as commit_sha, max(commit_sha) as carrier_sha
    from staging.stg_git__commits
    where repository = 'acme/shop'
    group by repository;
    create table intermediate.int_service_changes as
    select repository, commit_sha, repository[6:] as service_id
    from (
        select repository, commit_sha from staging.stg_git__commits
        except
        select repository, carrier_sha from intermediate.int_pull_request_changes
        union
        select repository, commit_sha from intermediate.int_pull_request_changes
    );
    create table marts.fct_changes as
    select
        concat(repository, '@', commit_sha) as change_id, repository, commit_sha, service_id,
        case service_id
            when 'shop' then 'deployed'
            when 'search' then if(commit_sha like '%1', 'waiting', 'excluded')
        end as state,
        if(state = 'excluded', 'no_baseline', null) as exclusion_reason,
        if(state = 'deployed', 'github:github:deployment:2', null) as deployment_id,
        timestamptz '2026-01-31T22:00:00.900Z' as committed_at,
        if(state = 'deployed', timestamptz '2026-01-31T23:30:00Z', null) as deployed_at,
        if(state = 'deployed', date '2026-02-01', null) as deployed_date,
        if(state = 'deployed', 5399, null) as lead_time_seconds,
        true as is_committed_at_author_settable,
        if(state = 'deployed', 1000, null) as coding_seconds,
        null::bigint as pickup_seconds,
        null::bigint as review_seconds,
        if(state = 'deployed', 4000, null) as merge_to_deploy_seconds,
        if(state = 'deployed', 399, null) as unattributed_seconds
    from intermediate.int_service_changes;
    create table marts.fct_pull_requests as
    select
        concat('github:', source, ':pull_request:', pull_request_id) as pull_request_id,
        repository[6:] as service_id,
        if(pull_request_id = 1, 'deployed', 'waiting') as delivery_state,
        if(pull_request_id = 1, date '2026-02-01', null) as deployed_date
    from staging.stg_github__pull_requests;
    create table marts.fct_reviews as
    select concat('github:', source, ':review:', review_id) as review_id from staging.stg_github__reviews;
    create table marts.fct_issues as
    select concat('github:', source, ':issue:', issue_id) as issue_id from staging.stg_github__issues;
    create table staging.stg_jira__current_issues (source varchar, issue_id bigint);
    insert into staging.stg_jira__current_issues values ('site', 7);
    insert into marts.fct_issues values ('jira:site:issue:7');
    create table marts.fct_ci_runs as
    select concat('github:', source, ':run:', run_id) as run_id from staging.stg_github__workflow_runs;
    create table staging.stg_gitlab__pipelines (source varchar, pipeline_id bigint);
    create table staging.stg_gitlab__child_pipelines (source varchar, pipeline_id bigint);
    create table staging.stg_circleci__workflows (source varchar, workflow_id varchar, pipeline_id varchar);
    create table staging.stg_circleci__pipelines (source varchar, pipeline_id varchar);
    create table staging.stg_jenkins__builds (
        source varchar, job_full_name varchar, build_number bigint, started_at timestamptz
    );
    insert into staging.stg_gitlab__pipelines values ('lab', 7);
    insert into marts.fct_ci_runs values ('gitlab:lab:run:7');
"""

# An issue of two services tells of the incident that somebody was paged for and of another; one stands alone.
_INCIDENTS = """
    create table marts.fct_incident_response (incident_id varchar, same_as_incident_id varchar);
    insert into marts.fct_incident_response values
        ('paged', null), ('posted', 'paged'), ('other', null), ('tracked', null);
    create table marts.fct_incidents (incident_id varchar, telling_ids varchar[]);
    insert into marts.fct_incidents values
        ('paged', ['paged', 'posted']), ('other', ['other', 'posted']), ('tracked', ['tracked']);
"""

_VALUES = """
    create table marts.mart_metric_values (
        metric varchar, scope_kind varchar, scope_id varchar, period_grain varchar, period_start date,
        period_end date, value decimal(28, 9), numerator bigint, denominator bigint, n bigint,
        interval_low decimal(28, 9), interval_high decimal(28, 9), unit varchar, flags varchar[]
    );
    create table intermediate.int_teams_withheld (
        scope_kind varchar, scope_id varchar, period_grain varchar, period_start date, reason varchar
    );
    insert into intermediate.int_teams_withheld values
        ('team', 'shop', 'month', '2026-02-01', 'below_team_size'),
        ('team', 'payments', 'month', '2026-02-01', 'below_team_size'),
        ('team', 'payments', 'week', '2026-01-01', 'below_team_size')
"""

# n of the shop and of the search, in January and in February (Berlin's days)
_COUNTS = {
    "deployment_frequency": ("deployments", (1, 1), (0, 1)),
    "deployment_days": ("days", (1, 1), (0, 1)),
    "change_fail_rate": ("ratio", (1, 1), (0, 1)),
    "change_fail_rate_explicit": ("ratio", (1, 1), (0, 1)),
    "deployment_rework_rate": ("ratio", (1, 1), (0, 1)),
    "change_lead_time": ("seconds", (0, 3), (0, 0)),
    "change_lead_time_p75": ("seconds", (0, 3), (0, 0)),
    "change_lead_time_p90": ("seconds", (0, 3), (0, 0)),
    "pull_request_lead_time": ("seconds", (0, 1), (0, 0)),
    "failed_deployment_recovery_time": ("seconds", (1, 0), (0, 0)),
    "failed_deployment_recovery_time_p90": ("seconds", (1, 0), (0, 0)),
    "failed_deployment_recovery_time_explicit": ("seconds", (0, 0), (0, 0)),
    "open_failed_deployments": ("deployments", (0, 1), (0, 0)),
    "change_failures": ("deployments", (1, 1), (0, 0)),
    "change_failures_named_share": ("ratio", (1, 1), (0, 0)),
    "changes_deployed": ("changes", (0, 3), (0, 0)),
    "author_settable_changes_share": ("ratio", (0, 3), (0, 0)),
    "change_coding_time": ("seconds", (0, 3), (0, 0)),
    "change_merge_to_deploy_time": ("seconds", (0, 3), (0, 0)),
    "change_unattributed_time": ("seconds", (0, 3), (0, 0)),
    "pull_request_lead_time_p75": ("seconds", (0, 1), (0, 0)),
    "pull_request_lead_time_p90": ("seconds", (0, 1), (0, 0)),
}
_SECONDS = {
    "change_coding_time": 1000,
    "change_merge_to_deploy_time": 4000,
    "change_unattributed_time": 399,
}


def write(con: duckdb.DuckDBPyConnection) -> None:
    """Add the later schemas to a warehouse that holds the small evidence."""
    con.execute(_CONFIG)
    con.execute(_DEPLOYMENTS)
    con.execute(_CHANGES)
    con.execute(_INCIDENTS)
    con.execute(_VALUES)
    con.execute("create table marts.dim_metrics as select unnest($1::varchar[]) as metric", [list(_COUNTS)])
    for metric, (unit, shop, search) in _COUNTS.items():
        total = [mine + theirs for mine, theirs in zip(shop, search, strict=True)]
        for scope, counts in (
            (("service", "shop"), shop),
            (("service", "search"), search),
            (("organisation", "acme"), total),
        ):
            for month, (start, n) in enumerate(zip(MONTHS, counts, strict=True)):
                if scope == ("service", "search") and month == 0:
                    continue  # its first deployment is in February
                value, numerator, denominator = _figures(
                    metric, unit, n, _numerator(metric, scope[1], month, n)
                )
                con.execute(
                    "insert into marts.mart_metric_values values "
                    "(?, ?, ?, 'month', ?::date, ?::date + interval 1 month, ?, ?, ?, ?, ?, ?, ?, [])",
                    [metric, *scope, start, start, value, numerator, denominator, n, value, value, unit],
                )
    for grain, name in (("day", "daily"), ("week", "weekly"), ("month", "monthly"), ("quarter", "quarterly")):
        con.execute(f"create table marts.mart_dora_{name} as {_wide(grain)}")


def _numerator(metric: str, scope: str, month: int, n: int) -> int:
    """How many of n events meet a ratio's condition: the search has no failure, the shop a named one."""
    if scope == "search":
        return 0 if metric.startswith("change_fail") else n
    if metric in ("change_fail_rate_explicit", "change_failures_named_share"):
        return month
    return min(n, 1) if metric == "change_fail_rate" else n


def _figures(metric: str, unit: str, n: int, numerator: int) -> tuple[float | None, int | None, int | None]:
    """Value, numerator and denominator of a cell."""
    if unit == "ratio":
        return (numerator / n if n else None, numerator, n)
    if unit == "seconds":
        return (_SECONDS.get(metric, 5399) if n else None, None, None)
    return (n, n, None)


def _wide(grain: str) -> str:
    """The five metrics side by side, as the wide marts have them."""
    columns = ", ".join(
        f"max({column}) filter (where metric = '{metric}') as {metric}{suffix}"
        for metric in (
            "deployment_frequency",
            "change_lead_time",
            "change_fail_rate",
            "failed_deployment_recovery_time",
            "deployment_rework_rate",
        )
        for column, suffix in (
            ("n", "_n"),
            ("value", ""),
            ("interval_low", "_interval_low"),
            ("interval_high", "_interval_high"),
        )
    )
    return f"""
        select scope_kind, scope_id, period_start, period_end, {columns}
        from marts.mart_metric_values
        where period_grain = '{grain}'
        group by all
    """
