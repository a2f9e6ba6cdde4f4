"""Real evidence in a real ledger, and a small published database whose facts point into it."""

import json
import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from connectors.evidence import Batch, EvidenceStore, Page, PageRef, WindowClose
from connectors.evidence.record_ids import record_id_of
from governance.redaction import RedactionStatement, order_redaction
from governance.signers import Signer
from lineage.ledger import Ledger
from lineage.trace import Trace, parse_period, parse_scope, trace

START = datetime(2026, 7, 1, tzinfo=UTC)
MEDIAN = (
    "list_transform([list_sort(list(lead_time_seconds) filter (where lead_time_seconds is not null))], "
    "lambda v: cast(cast(v[(len(v) - 1) * 50 // 100 + 1] * (100 - (len(v) - 1) * 50 % 100) "
    "+ v[least(len(v), (len(v) - 1) * 50 // 100 + 2)] * ((len(v) - 1) * 50 % 100) as decimal(28, 0)) "
    "* 0.01 as decimal(28, 9)))[1]"
)
FAILED = "count(deployment_id) filter (where (is_change_failure))"
RATIO = (
    f"cast(cast((2 * 1000000000 * cast({FAILED} as hugeint) + count(deployment_id)) "
    "// nullif(2 * count(deployment_id), 0) as decimal(28, 0)) * 0.000000001 as decimal(28, 9))"
)
DEPLOYED = "(is_production and outcome = 'success')"
METRICS: Sequence[tuple[str, str, str, str, str, str, str, str | None, str | None]] = (
    (
        "deployment_frequency",
        "deployments",
        "marts.fct_deployments",
        DEPLOYED,
        "count",
        "deployment_id",
        "cast(count(deployment_id) as decimal(28, 9))",
        "count(deployment_id)",
        None,
    ),
    (
        "change_fail_rate",
        "ratio",
        "marts.fct_deployments",
        DEPLOYED,
        "ratio",
        "deployment_id",
        RATIO,
        FAILED,
        "count(deployment_id)",
    ),
    (
        "change_lead_time",
        "seconds",
        "marts.fct_changes",
        "(state = 'deployed')",
        "median",
        "lead_time_seconds",
        MEDIAN,
        None,
        None,
    ),
)


class World:
    """Nine deployments of two services in May 2026, each with its record; nothing in June."""

    def __init__(self, folder: Path) -> None:
        self.ledger = Ledger(folder / "ledger" / "ledger.sqlite", origin="assay/acme")
        self.store = EvidenceStore(folder / "evidence", self.ledger, random_bytes=secrets.token_bytes)
        self.deployments = self._land("deployments", [self._deployment(number) for number in range(9)])
        self.commits = self._land_commits()
        self.size = self.ledger.size("payload")
        self.path = folder / "analyst.duckdb"
        self._build()

    def close(self) -> None:
        """Let go of the files."""
        self.store.close()
        self.ledger.close()

    def trace(self, metric: str, scope: str, period: str, **options: Any) -> Trace:
        """Trace a cell of the database as it is now."""
        kind, scope_id = parse_scope(scope)
        when = parse_period(period)
        with duckdb.connect(str(self.path), read_only=True) as con:
            return trace(
                con,
                metric,
                scope_kind=kind,
                scope_id=scope_id,
                period_grain=when.grain,
                period_start=when.start,
                records=self.store,
                ledger=self.ledger,
                **options,
            )

    def change(self, statement: str) -> None:
        """Run SQL on the database."""
        with duckdb.connect(str(self.path)) as con:
            con.execute(statement)

    def redact(self, log_index: int, json_path: str) -> None:
        """Blank a value by the recorded procedure."""
        statement = RedactionStatement(log_index, (json_path,), "erasure", "case 4711", START)
        signers = [Signer(name, name.encode().ljust(32)) for name in ("ada", "bob")]
        order = order_redaction(statement, signers)
        self.store.redact(
            log_index,
            statement.json_paths,
            policy=statement.policy,
            reason=statement.reason,
            signers=order.signatures,
            trusted_keys=[signer.public_key for signer in signers],
            at=START,
        )

    def _deployment(self, number: int) -> dict[str, Any]:
        return {"id": 100 + number, "sha": f"{number:040x}", "creator": {"login": f"user-{number}"}}

    def _land(self, stream: str, records: Sequence[dict[str, Any]]) -> list[int]:
        """Land records on pages of three, and return their ids."""
        pages = [json.dumps(list(records[at : at + 3])).encode() for at in range(0, len(records), 3)]
        result = self._commit("github", stream, pages, [3] * len(pages))
        return [record_id_of(index, ordinal) for index in result for ordinal in range(3)]

    def _land_commits(self) -> list[int]:
        body = b"".join(
            b"\x1e%040x\x1f\x1fM\xe4x <max@acme.test>\x1fbuild it" % number for number in range(9)
        )
        (index,) = self._commit("git", "commits", [body], [9])
        return [record_id_of(index, ordinal) for ordinal in range(9)]

    def _commit(
        self, source: str, stream: str, bodies: Sequence[bytes], counts: Sequence[int]
    ) -> tuple[int, ...]:
        pages = [
            Page(
                source=source,
                stream=stream,
                scope="acme/shop",
                parent_key=None,
                window_id=f"{stream}-1",
                sequence=sequence,
                method="GET",
                url=f"https://api.github.test/repos/acme/shop/{stream}?page={sequence}",
                status=200,
                headers={"content-type": "application/json"},
                fetched_at=START + timedelta(seconds=sequence),
                run_id="run-1",
                body=body,
                record_count=count,
            )
            for sequence, (body, count) in enumerate(zip(bodies, counts, strict=True))
        ]
        window = WindowClose(
            window_id=f"{stream}-1",
            source=source,
            stream=stream,
            scope="acme/shop",
            parent_key=None,
            requested_from=None,
            requested_until=None,
            started_at=START,
            closed_at=START + timedelta(minutes=1),
            run_id="run-1",
            claimed_total=None,
            record_count=sum(counts),
            pages=tuple(PageRef(position) for position in range(len(pages))),
        )
        return self.store.commit(Batch(pages=pages, closed_windows=[window])).page_indexes

    def _build(self) -> None:
        with duckdb.connect(str(self.path)) as con:
            con.execute("set TimeZone = 'UTC'; create schema marts; create schema evidence")
            self._build_facts(con)
            self._build_values(con)
            con.register("windows", self.store.windows())
            con.execute("create table evidence.fetch_windows as from windows")
            con.execute(
                "create table evidence.fact_streams as select * from (values "
                "('marts.fct_deployments', 'github', 'deployments'), ('marts.fct_changes', 'github', "
                "'deployments'), "
                "('marts.fct_changes', 'git', 'commits')) as feeding(fact_relation, kind, stream)"
            )
            con.execute(
                f"""
                create schema publication;
                create table publication.about as
                select * from (values
                    ('publication_id', 'p1'), ('time_zone', 'UTC'), ('payload_log_size', '{self.size}')
                ) as about(name, value);
                create table publication.metrics as
                select metric, 1 as metric_version, 'operational' as tier, md5(metric) as definition_hash,
                       true as is_published
                from marts.dim_metrics
                union all select 'bus_factor', 1, 'incentive', null, false
                """
            )

    def _build_facts(self, con: duckdb.DuckDBPyConnection) -> None:
        con.execute(
            """
            create table marts.dim_services as
            select *, 'acme' as organisation from (values
                ('shop', 'acme/shop', ['web', 'commerce']), ('api', 'acme/shop', ['core', 'commerce'])
            ) as services(service_id, repository, team_path)
            """
        )
        con.execute(
            """
            create table marts.fct_deployments as
            select 'd' || i as deployment_id, services.* exclude (repository), i <> 5 as is_production,
                   'success' as outcome, i % 4 = 1 as is_change_failure,
                   timestamptz '2026-05-01 12:00:00+00' + to_days(i::integer) as finished_at,
                   date '2026-05-01' + i::integer as deployed_date, [$1[i + 1]] as record_ids,
                   case when i > 0 then [$1[i]] else [] end::bigint[] as context_record_ids
            from range(9) as numbers(i)
            join marts.dim_services as services on service_id = case when i < 6 then 'shop' else 'api' end
            """,
            [self.deployments],
        )
        con.execute(
            f"""
            create table marts.fct_changes as
            select 'c' || i as change_id, d.service_id, d.team_path, d.organisation, 'deployed' as state,
                   d.deployed_date, (100 + 10 * i * i)::bigint as lead_time_seconds,
                   'p_{"0" * 32}' as author_token, [$1[i + 1]] as record_ids,
                   d.record_ids as context_record_ids
            from range(9) as numbers(i) join marts.fct_deployments d on d.deployment_id = 'd' || i
            """,
            [self.commits],
        )

    def _build_values(self, con: duckdb.DuckDBPyConnection) -> None:
        con.execute(
            "create table marts.dim_metrics (metric varchar, unit varchar, fact_relation varchar, "
            "filter_sql varchar, measure_kind varchar, measure_sql varchar, value_sql varchar, "
            "numerator_sql varchar, denominator_sql varchar)"
        )
        con.executemany(f"insert into marts.dim_metrics values ({', '.join('?' * 9)})", METRICS)
        for name, value in {
            "metric_version": "1",
            "profile": "'dora_2026'",
            "title": "upper(metric)",
            "sentence": "'What it says.'",
            "description": "'At length.'",
            "tier": "'operational'",
            "owner": "'platform'",
            "event_at_column": "'deployed_date'",
            "fact_key": "case when fact_relation like '%changes' then 'change_id' else 'deployment_id' end",
            "n_sql": "'count(' || measure_sql || ')'",
            "service_scope_sql": "'service_id = $scope_id'",
            "team_scope_sql": "'list_contains(team_path, $scope_id)'",
            "organisation_scope_sql": "'organisation = $scope_id'",
        }.items():
            kind = "integer" if name == "metric_version" else "varchar"
            con.execute(f"alter table marts.dim_metrics add column {name} {kind}")
            con.execute(f"update marts.dim_metrics set {name} = {value}")
        cells = [
            _cell_sql(metric, kind, scope, month)
            for metric in METRICS
            for kind, scope in SCOPES
            for month in (5, 6)
        ]
        con.execute(f"create table marts.mart_metric_values as {' union all '.join(cells)}")


def _cell_sql(metric: Sequence[str | None], kind: str, scope: str, month: int) -> str:
    """Compute a cell the way that the mart does: a zero for an empty count, nothing for the rest."""
    name, unit, relation, where, _, measure, value, numerator, denominator = metric
    column = {"service": "service_id", "organisation": "organisation"}.get(kind)
    of_scope = f"{column} = '{scope}'" if column else f"list_contains(team_path, '{scope}')"
    start, end = date(2026, month, 1), date(2026, month + 1, 1)
    return f"""
        select '{name}' as metric, 1 as metric_version, 'dora_2026' as profile, '{kind}' as scope_kind,
               '{scope}' as scope_id, 'month' as period_grain, date '{start}' as period_start,
               date '{end}' as period_end, {value} as value,
               cast({numerator or "null"} as bigint) as numerator,
               cast({denominator or "null"} as bigint) as denominator, count({measure}) as n,
               null::decimal(28, 9) as interval_low, null::decimal(28, 9) as interval_high,
               '{unit}' as unit, false as is_partial, false as is_maturing, []::varchar[] as flags
        from {relation}
        where {where} and {of_scope} and deployed_date >= date '{start}' and deployed_date < date '{end}'
    """


SCOPES = (
    ("service", "shop"),
    ("service", "api"),
    ("team", "web"),
    ("team", "core"),
    ("team", "commerce"),
    ("organisation", "acme"),
)
