"""One run of a workspace without Dagster and without dbt's start: the same fetching, SQL and checks.

What a run does in a minute of processor time is done here in some seconds, so that many faults and many seeds
can be tried.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

import duckdb

from connectors.errors import ConnectorError
from orchestration.flow.building import compute_intervals, compute_working_hours, finish_models
from orchestration.flow.checking import check_build
from orchestration.flow.extraction import extract_stream, remember_failure
from orchestration.flow.planning import Plan, make_plan
from orchestration.flow.publication import publish_build
from orchestration.flow.tokens import assign_tokens
from orchestration.flow.warehouse import open_warehouse
from orchestration.reconciliation.asking import ask_before_checks
from orchestration.reconciliation.restaging import attached_vault
from orchestration.session import Session, open_session
from orchestration.sources import enabled_streams
from orchestration.steps.commit_graph import write_commit_graph
from orchestration.tracks import compile_models
from orchestration.workspace import Workspace
from quality_checks.results import CheckResult
from tests.parsed import compiled_manifest, compiled_tests, parsed_workspace

GRAPH = "commit graph"
_VALUES = "select count(*), sum(hash(cells)::hugeint % 1000000007) from marts.mart_metric_values as cells"
_GRAPH_READS = ("intermediate.int_commits", "intermediate.int_deployments_rolled_out")
_GRAPH_WRITES = ("deployment_commits", "deployment_ancestry", "deployment_differences")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        failures: What could not be fetched, as people are told; then nothing was built.
        failed_tests: Names of dbt's tests that found rows that must not be.
        checks: What the checks said.
        values: A fingerprint of every cell of every metric.
    """

    failures: tuple[str, ...] = ()
    failed_tests: tuple[str, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    values: str = ""

    @property
    def red(self) -> dict[tuple[str, str], CheckResult]:
        """The red checks, by name and subject."""
        return {(check.name, check.subject): check for check in self.checks if not check.is_passed}

    @property
    def publishes(self) -> bool:
        """Whether a run with this outcome makes a publication."""
        return not self.failures and not self.failed_tests and not any(c.is_blocking for c in self.checks)


@dataclass(frozen=True, slots=True)
class _Model:
    relation: str
    sql: str
    is_view: bool
    key: tuple[str, ...]


def lend_parsed(workspace: Workspace) -> None:
    """Let a workspace use what dbt compiled for all of them: nothing is written there."""
    shutil.rmtree(workspace.dbt, ignore_errors=True)
    workspace.dbt.symlink_to(parsed_workspace().dbt)


def only_fetch(workspace: Workspace, environment: Mapping[str, str]) -> None:
    """Fetch what is new, and nothing else."""
    with open_session(workspace, command="test", environment=environment) as session:
        _fetch(session)
        assert not session.record.failures


def run_directly(
    workspace: Workspace, environment: Mapping[str, str], *, is_published: bool = False
) -> Outcome:
    """Fetch what is new, build everything from all the evidence, ask the sources again and check; publish."""
    if not workspace.dbt.is_symlink():
        lend_parsed(workspace)
    with open_session(workspace, command="test", environment=environment) as session:
        _fetch(session)
        failures = (*session.record.failures, *session.record.scope_failures)
        if failures:
            return Outcome(tuple(f"{each.source}.{each.stream}: {each.message}" for each in failures))
        workspace.warehouse.unlink(missing_ok=True)
        with open_warehouse(workspace.warehouse) as con:
            plan = make_plan(session, con, is_full_refresh=True)
        assign_tokens(session, plan)
        failed_tests = _build(session, plan)
        ask_before_checks(session, plan)
        compile_models(workspace)
        with open_warehouse(workspace.warehouse) as con:
            checks = check_build(session, con, plan)
            values = str(con.execute(_VALUES).fetchone())
        if is_published:
            publish_build(session, plan)
        return Outcome(failed_tests=failed_tests, checks=tuple(checks), values=values)


def _fetch(session: Session) -> None:
    for source in session.settings.sources:
        for stream in enabled_streams(source):
            if (source.name, stream.name) in session.uncollected:
                continue
            try:
                extract_stream(session, source.name, stream.name)
            except ConnectorError as error:
                remember_failure(session, source.name, stream.name, error)


def _build(session: Session, plan: Plan) -> tuple[str, ...]:
    with open_warehouse(session.workspace.warehouse) as con:
        compute_intervals(con, plan)
        compute_working_hours(con, plan)
        for schema in ("staging", "intermediate", "marts"):
            con.execute(f"create schema if not exists {schema}")
        with attached_vault(con, session.workspace.vault):
            standing = _standing(con)
            for model in _models():
                if model is None:
                    write_commit_graph(con)
                elif model.relation not in standing:
                    _make(con, model)
            failed = tuple(_failing_tests(con))
        finish_models(con, plan)
    return failed


def _standing(con: duckdb.DuckDBPyConnection) -> set[str]:
    """The staging tables of streams without a page, which the plan has made."""
    rows = con.execute("select table_name from duckdb_tables() where schema_name = 'staging'").fetchall()
    return {f"staging.{name}" for (name,) in rows}


def _make(con: duckdb.DuckDBPyConnection, model: _Model) -> None:
    kind = "view" if model.is_view else "table"
    con.execute(f"create or replace {kind} {model.relation} as {model.sql}")
    if model.key and not model.is_view:
        nameless = " or ".join(f"{column} is null" for column in model.key)
        stream = model.relation.removeprefix("staging.stg_")
        con.execute(
            f"insert into raw.unreadable_records (stream, record_id) "
            f"select '{stream}', record_id from {model.relation} where {nameless}"
        )
        con.execute(f"delete from {model.relation} where {nameless}")


def _failing_tests(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    for name, sql in _tests():
        if con.execute(f"select 1 from ({sql}) limit 1").fetchone():
            yield name


@cache
def _models() -> tuple[_Model | None, ...]:
    """Every model as dbt compiles it, in an order that can be built; None is the commit graph's turn."""
    manifest = compiled_manifest()
    nodes = {key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    reads = {key: set(_made_of(manifest, node)) & (nodes.keys() | {GRAPH}) for key, node in nodes.items()}
    names = {f"{node['schema']}.{node['alias']}": key for key, node in nodes.items()}
    order = TopologicalSorter(reads | {GRAPH: {names[each] for each in _GRAPH_READS}})
    return tuple(None if key == GRAPH else _model(nodes[key]) for key in order.static_order())


def _made_of(manifest: Mapping[str, Any], node: Mapping[str, Any]) -> Iterator[str]:
    for key in node["depends_on"]["nodes"]:
        source = manifest["sources"].get(key)
        is_graph = source is not None and source["schema"] == "computed" and source["name"] in _GRAPH_WRITES
        yield GRAPH if is_graph else key


def _model(node: Mapping[str, Any]) -> _Model:
    config, sql = node["config"], node["compiled_code"]
    if config["contract"]["enforced"]:
        columns = ", ".join(f'"{name}"' for name in node["columns"])
        sql = f"select {columns} from (\n{sql}\n)"
    key = config.get("unique_key") or ()
    return _Model(
        f"{node['schema']}.{node['alias']}",
        sql,
        config["materialized"] == "view",
        tuple(key) if node["schema"] == "staging" else (),
    )


@cache
def _tests() -> tuple[tuple[str, str], ...]:
    """dbt's tests that stop a build: name, and SQL that gives the rows that must not be."""
    return tuple(
        (node["name"], node["compiled_code"])
        for node in compiled_tests()["nodes"].values()
        if node["resource_type"] == "test" and node["config"]["severity"].lower() == "error"
    )
