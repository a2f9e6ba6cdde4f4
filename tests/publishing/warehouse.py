"""A small warehouse with the columns that the models have: one organisation, teams, services, a year."""

from pathlib import Path

import duckdb

SERVICES = (
    ("checkout", "Checkout", "payments"),
    ("ledger", "Ledger", "payments"),
    ("search", "Search", "discovery"),
    ("catalogue", "Catalogue", "discovery"),
    ("mobile", "Mobile app", "clients"),
)
METRICS = (
    (
        "deployment_frequency",
        "Deployment frequency",
        "deployments",
        "higher_is_better",
        "Successful production deployments in the period.",
    ),
    (
        "change_lead_time",
        "Change lead time",
        "seconds",
        "lower_is_better",
        "Median time from a change being committed to the end of its first production deployment.",
    ),
    (
        "change_fail_rate",
        "Change fail rate",
        "ratio",
        "lower_is_better",
        "Share of production deployments that needed immediate intervention.",
    ),
    (
        "failed_deployment_recovery_time",
        "Failed deployment recovery time",
        "seconds",
        "lower_is_better",
        "Median time from the detection of a failed deployment to its restoration.",
    ),
    (
        "deployment_rework_rate",
        "Deployment rework rate",
        "ratio",
        "lower_is_better",
        "Share of production deployments that were unplanned and caused by a production problem.",
    ),
)
TOKEN = "p_" + "0f" * 16


def make_warehouse(path: Path, *, months: int = 12) -> Path:
    """Build the file; every number in it follows from the row's own position."""
    with duckdb.connect(str(path)) as con:
        con.execute("set TimeZone = 'UTC'; create schema marts; create schema config")
        con.execute("create table config.secrets as select 'only here' as note")
        _dimensions(con)
        _facts(con, months)
        _values(con, months)
    return path


def _dimensions(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("create table marts.dim_services (service_id varchar, title varchar, repository varchar)")
    for service, title, _ in SERVICES:
        con.execute("insert into marts.dim_services values (?, ?, ?)", [service, title, f"acme/{service}"])
    con.execute(
        "create table marts.dim_teams as select distinct t as team_id, upper(t[1]) || t[2:] as title, "
        "[t] as team_path, timestamptz '2020-01-01 00:00:00+00' as valid_from, "
        "timestamptz '9999-12-31 00:00:00+00' as valid_until "
        "from (select unnest(['payments', 'discovery', 'clients']) as t)"
    )
    con.execute(f"create table marts.dim_people as select '{TOKEN}' as account_token, false as is_bot")
    con.execute(
        "create table marts.dim_metrics (metric varchar, metric_version integer, profile varchar, "
        "title varchar, sentence varchar, tier varchar, owner varchar, unit varchar, direction varchar, "
        "minimum_n integer)"
    )
    for metric, title, unit, direction, sentence in METRICS:
        con.execute(
            "insert into marts.dim_metrics "
            "values (?, 1, 'dora_2026', ?, ?, 'operational', 'platform', ?, ?, 5)",
            [metric, title, sentence, unit, direction],
        )


def _facts(con: duckdb.DuckDBPyConnection, months: int) -> None:
    services = ", ".join(f"('{service}', '{team}')" for service, _, team in SERVICES)
    con.execute(
        f"""
        create table marts.fct_changes as
        select 'change-' || i as change_id, service_id, team_id, 'acme' as organisation,
               timestamptz '2025-07-01 09:00:00+00' + to_hours(i * 7) as deployed_at,
               (3600 + i * 61 % 90000)::bigint as lead_time_seconds,
               case when i % 50 = 0 then 'excluded' when i % 91 = 0 then 'waiting' else 'deployed' end
                   as state,
               case when i % 50 = 0 then 'no_baseline' end as exclusion_reason,
               '{TOKEN}' as author_token, [i::bigint << 23] as record_ids
        from range({months * 100}) r(i), (values {services}) s(service_id, team_id)
        """
    )


def _values(con: duckdb.DuckDBPyConnection, months: int) -> None:
    services = ", ".join(f"('{service}', '{team}')" for service, _, team in SERVICES)
    con.execute(
        f"""
        create table marts.mart_metric_values as
        with scopes as (
            select 'service' as scope_kind, service_id as scope_id, 1 as weight from (values {services})
                s(service_id, team_id)
            union all select distinct 'team', team_id, 2 from (values {services}) s(service_id, team_id)
            union all select 'organisation', 'acme', 6
        ),
        cells as (
            select metric, unit, scope_kind, scope_id, weight,
                   (date '2025-07-01' + to_months(m::integer))::date as period_start, m,
                   hash(metric || scope_id || m::varchar) % 100 as noise
            from range({months}) r(m), scopes, marts.dim_metrics
        ),
        valued as (
            select *, weight * (6 + noise % 7) as n,
                   case unit when 'deployments' then (weight * (6 + noise % 7))::decimal(28, 9)
                        when 'ratio' then ((4 + noise % 22) / 100.0)::decimal(28, 9)
                        else (3600 * (4 + noise % 30 + 0.5 * m))::decimal(28, 9) end as value
            from cells
        )
        select metric, 1::integer as metric_version, 'dora_2026' as profile, scope_kind, scope_id,
               'month' as period_grain, period_start, (period_start + to_months(1))::date as period_end,
               case when noise = 13 then null else value end as value,
               (noise % 5)::bigint as numerator, n::bigint as denominator,
               case when noise = 13 then 0 else n end::bigint as n,
               (value * 0.8)::decimal(28, 9) as interval_low, (value * 1.25)::decimal(28, 9) as interval_high,
               unit, m = {months} - 1 as is_partial, m = {months} - 2 as is_maturing,
               case when m = {months} - 1 then ['partial'] else [] end::varchar[] as flags
        from valued
        """
    )
    con.execute(
        "create table marts.mart_dora_monthly as "
        "pivot (select scope_kind, scope_id, period_start, is_partial, metric, value, n "
        "from marts.mart_metric_values) on metric using first(value) as v, first(n) as n "
        "group by scope_kind, scope_id, period_start, is_partial order by all"
    )
    for column, _ in [(metric[0], 0) for metric in METRICS]:
        con.execute(f"alter table marts.mart_dora_monthly rename column {column}_v to {column}")
