"""Small organisations told in staging rows, and the models over them: table in, table out.

A story writes the tables that the models read (`staging`, `config`); `Story.build` answers with a warehouse
in memory, in which the compiled SQL of a model, and of all that it reads, runs when a query first asks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import Any

import duckdb
import pyarrow as pa

from governance.identity.people import PEOPLE_SCHEMA
from orchestration.steps.config_tables import write_config_tables
from quality_checks.stored_results import create_results
from tests.dbt_project.on_demand import OnDemand
from tests.dbt_project.staged_columns import STAGED_COLUMNS
from tests.dbt_project.warehouse import FLOW_TABLES, RULES

Row = dict[str, Any]
CHECKOUT = "acme/checkout"


def at(text: str) -> datetime:
    """Read '05-04 10:00' as an instant of 2026 in UTC; a text with a year stands for itself."""
    full = text if text.index(" ") == len("2026-05-04") else f"2026-{text}"
    return datetime.fromisoformat(full).replace(tzinfo=UTC)


def sha(name: str) -> str:
    """Return the commit hash that a short name stands for."""
    return sha1(name.encode(), usedforsecurity=False).hexdigest()


@dataclass
class Story:
    """One organisation. Commits have short names; instants are texts, see `at`."""

    time_zone: str = "UTC"
    coverage: tuple[str | None, str | None] = ("2026-01-01 00:00", "2026-07-01 00:00")
    rules: Mapping[str, Any] = field(default_factory=lambda: dict(RULES))
    shift: timedelta = timedelta(0)
    threads: int = 1
    staged: dict[str, list[Row]] = field(default_factory=lambda: {name: [] for name in STAGED_COLUMNS})
    services: list[Row] = field(default_factory=list)
    owners: list[Row] = field(default_factory=list)
    teams: list[Row] = field(default_factory=list)
    people: list[Row] = field(default_factory=list)
    dispositions: list[Row] = field(default_factory=list)
    corrections: list[Row] = field(default_factory=list)
    flow: dict[str, list[Row]] = field(
        default_factory=lambda: {name: list(rows) for name, rows in FLOW_TABLES.items()}
    )
    records: int = 0

    def when(self, text: str | None) -> datetime | None:
        """Return the instant of a text, moved by the story's shift."""
        return None if text is None else at(text) + self.shift

    def stage(self, table: str, **row: Any) -> int:
        """Write one staging row and return its record id."""
        self.records += 1
        name = f"stg_{table}"
        source = table.partition("__")[0]
        self.staged[name].append({"source": source, "record_id": self.records, "cast_loss_count": 0, **row})
        return self.records

    def service(self, service_id: str, repository: str | None = None, **settings: Any) -> None:
        """Configure a service; by default it is the whole of a repository of its name."""
        paths = list(settings.pop("paths", ("**",)))
        row = {
            "service_id": service_id,
            "repository": repository or f"acme/{service_id}",
            "path_patterns": paths,
        }
        self.services.append({**row, "deployments_from": "deployments", **settings})

    def owner(
        self, service_id: str, team_id: str, since: str | None = None, until: str | None = None
    ) -> None:
        """A team owns a service for a time."""
        row = {"service_id": service_id, "team_id": team_id}
        self.owners.append({**row, "valid_from": self.when(since), "valid_until": self.when(until)})

    def team(
        self, team_id: str, parent: str | None = None, since: str | None = None, until: str | None = None
    ) -> None:
        """A team stands in the hierarchy for a time."""
        row = {"team_id": team_id, "title": team_id.title(), "parent_team_id": parent}
        self.teams.append({**row, "valid_from": self.when(since), "valid_until": self.when(until)})

    def person(
        self, person_token: str, *account_tokens: str, since: str | None = None, until: str | None = None
    ) -> None:
        """Accounts are one person's for a time; an account that no story tells of is a person of its own."""
        for account_token in account_tokens:
            row = {"account_token": account_token, "person_token": person_token, "is_bot": False}
            self.people.append({**row, "valid_from": self.when(since), "valid_until": self.when(until)})

    def commit(
        self, name: str, *, on: str = CHECKOUT, when: str, after: Sequence[str] = (), **more: Any
    ) -> str:
        """A commit in a clone of a repository; `paths=None` makes it one that only the API knows."""
        row: Row = {
            "repository": on,
            "commit_sha": sha(name),
            "parent_shas": [sha(parent) for parent in after],
            "authored_at": self.when(more.pop("authored", when)),
            "committed_at": self.when(when),
            "author_token": more.pop("author", "p_author"),
            "is_author_bot": False,
            "reverted_shas": [],
            "cherry_picked_shas": [],
            "mentioned_shas": [],
            "mentioned_issues": [],
            "is_hotfix_title": False,
        }
        paths = more.pop("paths", ["file"])
        table = "github__commits" if paths is None else "git__commits"
        self.stage(table, **{**row, **({} if paths is None else {"paths": list(paths)}), **more})
        return sha(name)

    def history(self, names: Iterable[str], *, start: str, hours: int = 1, on: str = CHECKOUT) -> None:
        """A straight line of commits, some hours apart."""
        after: tuple[str, ...] = ()
        for position, name in enumerate(names):
            when = at(start) + timedelta(hours=hours * position)
            self.commit(name, on=on, when=f"{when:%Y-%m-%d %H:%M}", after=after)
            after = (name,)

    def deployment(
        self,
        number: int,
        commit: str,
        *,
        on: str = CHECKOUT,
        start: str,
        end: str | None = None,
        state: str = "success",
        environment: str = "production",
        task: str = "deploy",
        later: Sequence[tuple[str, str]] = (),
    ) -> str:
        """A deployment object with its statuses; it ends where it starts unless told otherwise."""
        self.stage(
            "github__deployments",
            deployment_id=number,
            repository=on,
            commit_sha=sha(commit),
            task=task,
            environment=environment,
            created_at=self.when(start),
            updated_at=self.when(start),
            is_production_environment=environment in ("production", "prod"),
            is_transient=False,
        )
        for status, when in [("in_progress", start), (state, end or start), *later]:
            self.stage(
                "github__deployment_statuses",
                status_id=self.records,
                repository=on,
                deployment_id=number,
                state=status,
                created_at=self.when(when),
            )
        return f"github:github:deployment:{number}"

    def pull_request(
        self,
        number: int,
        *,
        on: str = CHECKOUT,
        opened: str,
        commits: Sequence[tuple[str, str]],
        merged: str | None = None,
        result: str | None = None,
        **more: Any,
    ) -> str:
        """A pull request with its own commits (name, committed at); the merge left `result` behind."""
        stale = more.pop("merge_commit_sha", result)
        key = more.pop("key", self.records + 5000)
        self.stage(
            "github__pull_requests",
            **{
                "pull_request_id": key,
                "repository": on,
                "number": number,
                "state": "closed" if merged else "open",
                "is_draft": False,
                "created_at": self.when(opened),
                "updated_at": self.when(merged or opened),
                "closed_at": self.when(merged),
                "merged_at": self.when(merged),
                "author_token": "p_author",
                "is_author_bot": False,
                "head_sha": sha(commits[-1][0]) if commits else None,
                "is_base_default_branch": True,
                "merge_commit_sha": sha(stale) if stale else None,
                "labels": [],
                "is_hotfix_branch": False,
                "is_hotfix_label": False,
                "is_hotfix_title": False,
                "reverted_shas": [],
                "reverted_pull_requests": [],
                "mentioned_issues": [],
                "mentioned_shas": [],
                **more,
            },
        )
        for position, (name, when) in enumerate(commits, start=1):
            self.own_commit(number, name, on=on, when=when, position=position)
        if result and merged:
            self.stage(
                "github__timeline",
                repository=on,
                issue_number=number,
                position=1,
                event="merged",
                event_at=self.when(merged),
                commit_sha=sha(result),
            )
        return f"github:github:pull_request:{key}"

    def own_commit(
        self, number: int, name: str, *, on: str = CHECKOUT, when: str, position: int, **more: Any
    ) -> None:
        """One commit of a pull request."""
        row: Row = {
            "repository": on,
            "pull_request_number": number,
            "commit_sha": sha(name),
            "position": position,
            "parent_count": 1,
            "authored_at": self.when(when),
            "committed_at": self.when(when),
            "author_token": "p_author",
            "is_author_bot": False,
            "reverted_shas": [],
            "mentioned_issues": [],
        }
        self.stage("github__pull_request_commits", **{**row, **more})

    def review(
        self,
        number: int,
        *,
        on: str = CHECKOUT,
        when: str,
        by: str | None = "p_reviewer",
        is_bot: bool = False,
        state: str = "APPROVED",
    ) -> None:
        """A submitted review; by nobody where the account is gone."""
        self.stage(
            "github__reviews",
            review_id=self.records,
            repository=on,
            pull_request_number=number,
            reviewer_token=by,
            is_reviewer_bot=is_bot,
            state=state,
            submitted_at=self.when(when),
        )

    def run(
        self, number: int, commit: str, *, on: str = CHECKOUT, when: str, end: str | None = None, **more: Any
    ) -> None:
        """A completed workflow run; by default a check of a push."""
        row: Row = {
            "run_id": number,
            "repository": on,
            "workflow_name": "ci",
            "event": "push",
            "head_sha": sha(commit),
            "status": "completed",
            "conclusion": "success",
            "run_attempt": 1,
            "created_at": self.when(when),
            "run_started_at": self.when(when),
            "updated_at": self.when(end or when),
            "actor_token": "p_author",
            "is_actor_bot": False,
        }
        self.stage("github__workflow_runs", **{**row, **more})

    def issue(
        self, number: int, *, on: str = CHECKOUT, when: str, closed: str | None = None, **more: Any
    ) -> str:
        """An issue; `labels` decide whether it is an incident."""
        row: Row = {
            "issue_id": self.records + 1000,
            "repository": on,
            "number": number,
            "is_pull_request": False,
            "state": "closed" if closed else "open",
            "created_at": self.when(when),
            "updated_at": self.when(closed or when),
            "closed_at": self.when(closed),
            "author_token": "p_author",
            "is_author_bot": False,
            "labels": [],
            "referenced_deployment_ids": [],
            "mentioned_shas": [],
            "mentioned_issues": [],
            "referenced_tags": [],
        }
        self.stage("github__issues", **{**row, **more})
        return f"{on}#{number}"

    def incident(
        self,
        number: int,
        *,
        of: str,
        when: str,
        closed: str | None = None,
        severity: str = "sev2",
        **more: Any,
    ) -> str:
        """An incident of a service, kept in a repository of its own."""
        labels = ["incident", severity, f"service:{of}"]
        return self.issue(number, on="acme/incidents", when=when, closed=closed, labels=labels, **more)

    def decide(self, incident_id: str, disposition: str, *deployments: str) -> None:
        """Somebody decides what caused an incident."""
        row = {"incident_id": incident_id, "disposition": disposition, "deployment_ids": list(deployments)}
        self.dispositions.append(row)

    def correct(
        self, fact: str, part_id: str, column: str, value: str | None, *, of: str | None = None
    ) -> int:
        """Two people say what a fact is in truth; return the leaf that facts are to name."""
        leaf_index = 1000 + len(self.corrections)
        row = {"fact": fact, "fact_part_id": part_id, "service_id": of, "column_name": column}
        self.corrections.append({**row, "value": value, "leaf_index": leaf_index})
        return leaf_index

    def build(self) -> "Told":
        """Open a warehouse over the story; models and steps run when a query first reads what they make."""
        con = duckdb.connect(":memory:")
        con.execute("attach ':memory:' as assay; use assay; set TimeZone = 'UTC'")
        con.execute(f"set threads = {self.threads}")
        self._write(con)
        con.execute("create schema intermediate; create schema marts; create schema computed")
        create_results(con)
        con.execute(f"create schema raw; create table raw.fetch_windows ({_WINDOWS})")
        self._write_people(con)
        return Told(con, OnDemand(con))

    def _write_people(self, con: duckdb.DuckDBPyConnection) -> None:
        """Write what the vault would hold of the accounts that the story names."""
        told = {row["account_token"] for row in self.people}
        roles = {
            (row[column], bool(row.get(f"is_{column.removesuffix('_token')}_bot") or row.get("is_bot")))
            for rows in self.staged.values()
            for row in rows
            for column in row
            if column.endswith("_token") and row[column] is not None
        }
        bots = {token for token, is_bot in roles if is_bot}
        own = [
            {"account_token": token, "person_token": token, "is_bot": token in bots}
            for token in sorted({token for token, _ in roles} - told)
        ]
        con.execute("attach ':memory:' as vault")
        con.execute(PEOPLE_SCHEMA.replace("if not exists ", "if not exists vault.main."))
        for row in _filled([*own, *self.people]):
            con.execute(
                "insert into vault.main.people values ($account_token, $person_token, "
                "coalesce($valid_from, timestamptz '0001-01-01 00:00:00+00'), "
                "coalesce($valid_until, timestamptz '9999-12-31 00:00:00+00'), $is_bot)",
                {"valid_from": None, "valid_until": None, **row},
            )

    def _write(self, con: duckdb.DuckDBPyConnection) -> None:
        con.execute("create schema staging")
        for name, columns in STAGED_COLUMNS.items():
            con.execute(f"create table staging.{name} ({columns})")
            if self.staged[name]:
                rows = pa.Table.from_pylist(_filled(self.staged[name]))
                con.register("rows", rows)
                con.execute(f"insert into staging.{name} by name select * from rows")
                con.unregister("rows")
        reporting = {
            "organisation": "acme",
            "time_zone": self.time_zone,
            "coverage_from": self.when(self.coverage[0]),
            "coverage_until": self.when(self.coverage[1]),
        }
        tables = {
            "services": self.services,
            "service_owners": self.owners,
            "teams": self.teams,
            "incident_dispositions": self.dispositions,
            "corrections": self.corrections,
            "reporting": [reporting],
            "rules": [dict(self.rules)],
            **self.flow,
        }
        given = {name: pa.Table.from_pylist(_filled(rows)) for name, rows in tables.items() if rows}
        write_config_tables(con, given)


def _filled(rows: Sequence[Row]) -> list[Row]:
    """Give every row every column, so that Arrow infers the schema from all of them."""
    columns: Row = {column: None for row in rows for column in row}
    return [{**columns, **row} for row in rows]


_WINDOWS = """
    window_index bigint, source varchar, kind varchar, stream varchar, scope varchar, parent_key varchar,
    requested_from timestamptz, requested_until timestamptz, started_at timestamptz, claimed_total bigint,
    record_count bigint, page_indexes bigint[]
"""


@dataclass(frozen=True, slots=True)
class Told:
    """A warehouse; what is made on demand stands in it when a query reads it."""

    warehouse: duckdb.DuckDBPyConnection
    on_demand: OnDemand | None = None

    @property
    def con(self) -> duckdb.DuckDBPyConnection:
        """The warehouse with everything in it."""
        if self.on_demand is not None:
            self.on_demand.need_all()
        return self.warehouse

    def rows(self, query: str, *parameters: Any) -> list[Row]:
        """Return a query's rows as mappings."""
        if self.on_demand is not None:
            self.on_demand.need(query)
        return list(self.warehouse.execute(query, parameters).to_arrow_table().to_pylist())

    def all(self, table: str, key: str) -> dict[Any, Row]:
        """Return a table's rows by key."""
        return {row[key]: row for row in self.rows(f"select * from {table} order by all")}

    def deployments(self) -> dict[int, Row]:
        """Return `fct_deployments` by the number of the first part's deployment object."""
        return {
            int(key.split(":")[3]): row
            for key, row in self.all("marts.fct_deployments", "deployment_id").items()
        }

    def changes(self, *names: str, service: str | None = None) -> dict[str, Row]:
        """Return `fct_changes` by the commit's short name."""
        known = {sha(name): name for name in names}
        rows = self.rows("select * from marts.fct_changes where $1 is null or service_id = $1", service)
        return {known.get(row["commit_sha"], row["commit_sha"]): row for row in rows}

    def value(self, metric: str, scope: str, period: str, grain: str = "month") -> Row:
        """Return one cell of `mart_metric_values`, for 'service:checkout' and '2026-05-01'."""
        kind, scope_id = scope.split(":", 1)
        (row,) = self.rows(
            "select * from marts.mart_metric_values where metric = $1 and scope_kind = $2 and scope_id = $3 "
            "and period_start = $4::date and period_grain = $5",
            metric,
            kind,
            scope_id,
            period,
            grain,
        )
        return row
