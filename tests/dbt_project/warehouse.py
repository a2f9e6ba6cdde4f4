"""A warehouse for tests: bodies land in a real evidence store, real steps and a real dbt build the models."""

import json
import os
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from os.path import commonpath
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import duckdb
import pyarrow as pa
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.factory import reset_adapters
from dbt.cli.main import dbtRunner

from connectors.evidence import Batch, EvidenceStore, Page, PageRef, WindowClose
from connectors.evidence.record_values import records_of
from governance.vault import BotRules, Vault
from lineage.ledger import Ledger
from orchestration.flow.settings_rows import settings_rows
from orchestration.model_graph import ModelGraph
from orchestration.settings import Settings
from orchestration.steps.account_tokens import assign_account_tokens
from orchestration.steps.empty_models import create_empty_models, empty_models
from orchestration.steps.raw_schema import Evidence, RawBuild, build_raw_schema, finish_build
from orchestration.steps.staged_streams import STAGED_STREAMS, StagedStream
from tests.parsed import parsed_workspace

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
START = datetime(2026, 1, 5, tzinfo=UTC)
KINDS = {"github": "github", "git": "git"}
RULES: dict[str, Any] = {
    "hotfix_branch_pattern": "^hotfix/",
    "hotfix_label_pattern": "^hotfix$",
    "hotfix_title_pattern": "(?i)^hotfix",
    "incident_label_pattern": "^incident$",
    "incident_severity_pattern": "^sev[123]$",
    "incident_service_label_prefix": "service:",
    "defect_label_pattern": "^production-defect$",
    "rollout_merge_hours": 6,
    "incident_link_hours": 24,
    "dispositions_unknown_percent": 5,
    "revert_window_days": 14,
    "bot_login_pattern": "(\\[bot\\]|-bot)$",
    "production_environment_pattern": "^(production|prod)$",
}
FLOW_TABLES: dict[str, list[dict[str, Any]]] = {
    name: table.to_pylist()
    for name, table in settings_rows(
        Settings.model_validate(
            {
                "organisation": "acme",
                "sources": [{"name": "github", "kind": "github", "organisation": "acme"}],
            }
        ),
        repositories=(),
    ).items()
    if name
    in ("calendars", "work_item_kinds", "work_item_statuses", "severity_levels", "flow_rules", "scorecard")
    or name.startswith("ownership")
}
REPORTING: dict[str, Any] = {
    "organisation": "acme",
    "time_zone": "UTC",
    "coverage_from": START,
    "coverage_until": START + timedelta(days=180),
}


def config_tables(
    *, rules: Mapping[str, Any] = RULES, **tables: Sequence[Mapping[str, Any]]
) -> dict[str, pa.Table]:
    """Return the schema `config` as Arrow tables: rules, reporting and what a test adds."""
    standing = {"rules": [rules], "reporting": [REPORTING], **FLOW_TABLES}
    rows: dict[str, Sequence[Mapping[str, Any]]] = {**standing, **tables}
    return {name: pa.Table.from_pylist([dict(row) for row in each]) for name, each in rows.items() if each}


@dataclass
class EvidenceBook:
    """Lands bodies as connectors do: pages of one stream, and a window that closes over them."""

    root: Path
    ledger: Ledger = field(init=False)
    store: EvidenceStore = field(init=False)
    landed: int = 0
    run_id: str = "run"
    kinds: Mapping[str, str] = field(default_factory=lambda: KINDS)
    streams: Sequence[StagedStream] = STAGED_STREAMS
    count: Callable[[str, bytes], int] = lambda _stream, content: len(records_of(content))

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.root / "ledger" / "ledger.sqlite", origin="assay/acme")
        (self.root / "ledger").mkdir(parents=True, exist_ok=True)
        self.store = EvidenceStore(self.root / "evidence", self.ledger, random_bytes=secrets.token_bytes)

    def land(
        self,
        stream: str,
        scope: str,
        *bodies: Any,
        parent: str | None = None,
        source: str = "github",
        is_closed: bool = True,
    ) -> list[int]:
        """Land bodies and close a window: bytes as they are, an integer reuses that page, the rest is JSON.

        Returns:
            The log indexes of the window's pages.
        """
        pages: list[Page] = []
        window = self._window(pages, bodies, source=source, stream=stream, scope=scope, parent=parent)
        result = self.store.commit(Batch(pages=pages, closed_windows=[window] if is_closed else []))
        return [
            each if isinstance(each, int) else result.page_indexes[each.position] for each in window.pages
        ]

    def land_sets(self, stream: str, scope: str, sets: Mapping[str, Any]) -> None:
        """Land the body of each parent and close a window over each, in one commit."""
        pages: list[Page] = []
        windows = [
            self._window(pages, [body], source="github", stream=stream, scope=scope, parent=parent)
            for parent, body in sets.items()
        ]
        self.store.commit(Batch(pages=pages, closed_windows=windows))

    def _window(
        self,
        pages: list[Page],
        bodies: Sequence[Any],
        *,
        source: str,
        stream: str,
        scope: str,
        parent: str | None,
    ) -> WindowClose:
        """Add the bodies' pages and return the window over them."""
        self.landed += 1
        at, window_id = START + timedelta(minutes=self.landed), f"w{self.landed}"
        used: list[PageRef | int] = []
        for sequence, body in enumerate(bodies):
            if isinstance(body, int):
                used.append(body)
                continue
            used.append(PageRef(len(pages)))
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            url = f"https://api.example/{scope}/{stream}/{parent or ''}?page={sequence}"
            request = (source, stream, scope, parent, window_id, sequence, "GET", url)
            pages.append(Page(*request, 200, {}, at, self.run_id, content, self.count(stream, content)))
        records = sum(page.record_count for page in pages if page.window_id == window_id)
        return WindowClose(
            *(window_id, source, stream, scope, parent, None, None, at, at, self.run_id, None, records),
            tuple(used),
        )

    def evidence(self, log_size: int | None = None) -> Evidence:
        """Pin the evidence."""
        size = self.ledger.size("payload") if log_size is None else log_size
        redactions = [
            {"log_index": each.log_index, "json_paths": list(each.json_paths)}
            for each in self.store.redactions()
        ]
        return Evidence(
            log_size=size,
            files=self.store.committed_files(log_size=size),
            windows=self.store.windows(log_size=size),
            kinds=self.kinds,
            redactions=pa.Table.from_pylist(redactions),
            streams=self.streams,
        )


@dataclass
class Warehouse:
    """One warehouse file and its vault."""

    root: Path
    threads: int = 2
    bots: BotRules = field(default_factory=lambda: BotRules(pattern=RULES["bot_login_pattern"]))
    project: Path = PROJECT
    evidence_folder: Path | None = None

    @property
    def file(self) -> Path:
        """The warehouse; its name is that of the database in compiled SQL."""
        return self.root / "assay.duckdb"

    @property
    def vault_file(self) -> Path:
        """The identity vault."""
        return self.root / "identity.duckdb"

    def prepare(
        self, evidence: Evidence, *, config: Mapping[str, pa.Table] | None = None, sql: str = "1"
    ) -> RawBuild:
        """Write the raw schema and assign tokens: all that must stand before dbt."""
        self.root.mkdir(parents=True, exist_ok=True)
        if evidence.files:  # dbt may read no other folder
            self.evidence_folder = Path(commonpath([file.path.parent for file in evidence.files]))
        vault = Vault(self.vault_file, b"k" * 32, bots=self.bots)
        with self.connection() as con:
            build = build_raw_schema(con, evidence, config=config or config_tables(), staging_sha256=sql)
            return assign_account_tokens(con, evidence, build, vault=vault, vault_file=self.vault_file)

    def build(
        self,
        evidence: Evidence,
        *,
        config: Mapping[str, pa.Table] | None = None,
        sql: str = "1",
        command: str = "run",
        select: Sequence[str] = ("staging",),
    ) -> RawBuild:
        """Bring the selected models up to date with the evidence; a failing node fails the test."""
        build = self.prepare(evidence, config=config, sql=sql)
        with self.connection() as con:
            empty = empty_models(evidence, contracts(self.project))
            create_empty_models(con, {name: contracts(self.project)[name] for name in empty})
        exclude = ["--exclude", *sorted(empty)] if empty else []
        for result in self.dbt(command, "--select", *select, *exclude):
            assert result.status in ("success", "pass", "warn"), f"{result.node.name}: {result.message}"
        with self.connection() as con:
            finish_build(con, build)
        return build

    def dbt(self, *arguments: str) -> list[Any]:
        """Run dbt in this process and return the result of each node."""
        evidence = self.evidence_folder or self.root / "evidence"
        with _environment(self.file, self.vault_file, self.threads, evidence):
            runner = dbtRunner(manifest=manifest(self.project))
            return list(_invoke(runner, arguments, project=self.project).results)

    @contextmanager
    def connection(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the warehouse for a moment."""
        con = duckdb.connect(str(self.file))
        try:
            con.execute("set timezone = 'UTC'")
            yield con
        finally:
            con.close()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return a query's rows."""
        with self.connection() as con:
            return con.execute(query).fetchall()

    def row(self, query: str) -> dict[str, Any]:
        """Return the only row of a query."""
        with self.connection() as con:
            (row,) = con.sql(query).to_arrow_table().to_pylist()
        return dict(row)

    def contents(self, schema: str = "staging") -> dict[str, list[tuple[Any, ...]]]:
        """Return every row of every table and view of a schema, in a fixed order."""
        with self.connection() as con:
            names = con.execute(
                "select table_name from information_schema.tables where table_schema = ? order by 1", [schema]
            ).fetchall()
            return {
                name: con.execute(f"select * from {schema}.{name} order by all").fetchall()
                for (name,) in names
            }


@cache
def manifest(project: Path = PROJECT) -> Any:
    """Parse a project once for all tests."""
    if project == PROJECT:
        parsed = parsed_workspace()
        read = str(parsed.dbt / "target" / "partial_parse.msgpack")
        with _environment(
            parsed.warehouse, parsed.vault, 2, parsed.evidence
        ):  # as it was when that was written
            return _invoke(dbtRunner(), ("parse", "--partial-parse-file-path", read), project=project)
    scratch = Path(mkdtemp(prefix="assay-dbt-"))
    with _environment(scratch / "assay.duckdb", scratch / "identity.duckdb", 1, scratch / "evidence"):
        return _invoke(dbtRunner(), ("parse",), project=project)


@cache
def contracts(project: Path = PROJECT) -> Mapping[str, Mapping[str, str]]:
    """Types of the columns of each model whose contract states them."""
    return ModelGraph(manifest(project).to_dict()).contracts


@cache
def _target(project: Path) -> str:
    return mkdtemp(prefix=f"assay-dbt-target-{project.name}-")


def _invoke(runner: dbtRunner, arguments: Sequence[str], *, project: Path) -> Any:
    flags = ["--project-dir", str(project), "--profiles-dir", str(project)]
    flags += ["--target-path", _target(project), "--log-path", _target(project), "--no-write-json"]
    try:
        done = runner.invoke(["--log-level", "none", "--log-level-file", "none", *arguments, *flags])
    finally:
        reset_adapters()  # type: ignore[no-untyped-call] # dbt's adapters are untyped in part
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call] # see above
    if done.exception is not None:
        raise done.exception
    return done.result


@contextmanager
def _environment(warehouse: Path, vault: Path, threads: int, evidence: Path) -> Iterator[None]:
    given = {
        "ASSAY_WAREHOUSE": str(warehouse),
        "ASSAY_VAULT": str(vault),
        "ASSAY_EVIDENCE": str(evidence),
        "ASSAY_THREADS": str(threads),
        "DO_NOT_TRACK": "1",
    }
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
