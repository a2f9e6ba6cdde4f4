"""Every kind of source at once, end to end: fetched, landed, staged, reconciled, published, and once more."""

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import pytest

from connectors.sandbox.source_settings import KINDS
from connectors.sources import SOURCE_KINDS
from orchestration.run_record import RunRecord
from orchestration.sources import enabled_streams
from orchestration.stream_contracts import contracts_of
from quality_checks.staging_comparisons import landing_comparisons, staging_comparisons
from tests.house.company import Company, company
from tests.house.deliveries import EACH, deliver
from tests.house.held import World, rows_held

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

WITHOUT_DATA = {
    "jira.histories": "Cloud gives changes with its changelogs; histories are Data Center's",
    "gitlab.child_pipelines": "no pipeline of the story starts another one",
    "alertmanager.silences": "nothing is silenced when the story ends",
}
PROVIDERS = 6
PIPELINES = {"github", "gitlab", "circleci", "jenkins", "argocd"}


@dataclass(frozen=True, slots=True)
class Runs:
    """Two runs of a workspace with a source of every kind, and what the simulation holds."""

    company: Company
    answers: list[int]
    first: RunRecord
    second: RunRecord

    @property
    def warehouse(self) -> duckdb.DuckDBPyConnection:
        return duckdb.connect(str(self.company.workspace.warehouse), read_only=True)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    with company(tmp_path_factory.mktemp("all"), kinds=KINDS) as acme:
        answers = deliver(acme.workspace, acme.organisation, acme.environment)
        yield Runs(acme, answers, acme.run(), acme.run())


def test_the_workspace_has_every_kind_that_there_is(runs: Runs) -> None:
    kinds = {source.kind for source in runs.company.workspace.settings().sources}
    assert kinds == SOURCE_KINDS.keys()
    assert runs.answers == [202] * EACH * PROVIDERS


def test_every_stream_is_extracted_or_known_to_be_without_data(runs: Runs) -> None:
    reports = {f"{report.source}.{report.stream}": report for report in runs.first.reports}
    assert reports.keys() == {
        f"{source.name}.{stream.name}"
        for source in runs.company.workspace.settings().sources
        for stream in enabled_streams(source)
    }
    assert [name for name, report in reports.items() if report.failures] == []
    assert {name for name, report in reports.items() if not report.records} == WITHOUT_DATA.keys()


def test_staging_holds_row_for_row_what_the_simulation_holds(runs: Runs) -> None:
    held = rows_held(World(runs.company.organisation, runs.company.clones, runs.company.files))
    with runs.warehouse as con:
        tables = con.execute(
            "select table_name from information_schema.tables where table_schema = 'staging'"
        )
        staged = {
            name: con.execute(f"select count(*) from staging.{name}").fetchall()[0][0]
            for (name,) in tables.fetchall()
        }
    assert staged == held


def test_no_value_is_lost_in_a_cast(runs: Runs) -> None:
    with runs.warehouse as con:
        tables = con.execute(
            "select table_name from information_schema.columns "
            "where table_schema = 'staging' and column_name = 'cast_loss_count'"
        ).fetchall()
        lost = {
            name: con.execute(f"select count(*) from staging.{name} where cast_loss_count > 0").fetchall()
            for (name,) in tables
        }
    assert len(lost) > len(KINDS)
    assert {name for name, count in lost.items() if count != [(0,)]} == set()


def test_every_comparison_of_every_stream_ran_and_is_green(runs: Runs) -> None:
    contracts = contracts_of(set(KINDS))
    assert {contract.kind for contract in contracts} == set(KINDS)
    results = {(result.name, result.subject): result for result in runs.first.checks}
    for comparison in (*landing_comparisons(contracts), *staging_comparisons(contracts)):
        for subject in comparison.subjects:
            assert results[comparison.name, subject].is_passed, (comparison.name, subject)
    assert [result for result in runs.first.checks if not result.is_passed] == []


def test_the_fields_of_every_stream_are_sighted_and_no_source_drifts(runs: Runs) -> None:
    with runs.warehouse as con:
        drifts = con.execute("from quality.source_drift where drift_class <> 'harmless'").fetchall()
        sighted = con.execute("select distinct kind || '.' || stream from quality.field_sightings").fetchall()
    staged = {f"{contract.kind}.{contract.stream}" for contract in contracts_of(SOURCE_KINDS.keys())}
    assert drifts == []
    assert staged - {name for (name,) in sighted} == WITHOUT_DATA.keys()


def test_a_second_run_brings_nothing_and_builds_nothing(runs: Runs) -> None:
    assert runs.second.models_built == 0
    assert not runs.second.is_published_anew
    assert runs.second.publication == runs.first.publication
    first, second = (sum(report.bytes for report in run.reports) for run in (runs.first, runs.second))
    assert second < first / 20


def test_every_source_of_pipelines_yields_runs_and_jobs_with_commit_status_start_and_end(runs: Runs) -> None:
    with runs.warehouse as con:
        for model, commit in (("int_pipeline_runs", "commit_sha"), ("int_pipeline_jobs", "run_id")):
            rows = con.execute(
                f"select source_kind, count(*) filter (where {commit} is null or started_at is null "
                "or finished_at is null or status not in ('success', 'failure', 'cancelled', 'skipped')) "
                f"from intermediate.{model} group by all"
            ).fetchall()
            assert dict(rows) == dict.fromkeys(PIPELINES, 0), "all of the story's runs have ended"


def test_github_gitlab_and_the_drops_tell_of_the_same_deployments(runs: Runs) -> None:
    query = """
        select commit_sha, environment, status, started_at, finished_at
        from intermediate.int_environment_deployments where source_kind = ? order by all
    """
    with runs.warehouse as con:
        told = {kind: con.execute(query, [kind]).fetchall() for kind in ("github", "gitlab", "drops")}
        kinds = con.execute("select distinct source_kind from intermediate.int_environment_deployments")
        assert {kind for (kind,) in kinds.fetchall()} == {*told, "argocd", "push"}
    assert len(told["github"]) > 100
    assert told["github"] == told["gitlab"] == told["drops"]
