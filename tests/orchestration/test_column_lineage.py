"""Column lineage of the real project: how much of it resolves, how fast, and what steps declare."""

import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner, Result

from lineage.columns import (
    ColumnEdge,
    Kind,
    ProjectEdge,
    ProjectLineage,
    RelationSchema,
    read_lineage,
    write_tables,
)
from lineage.page_columns import PAGE_COLUMNS
from orchestration.column_lineage.declared import (
    OTHER_FILES,
    SETTINGS_SECTIONS,
    STEP_INPUTS,
    account_streams,
)
from orchestration.column_lineage.recording import as_streams, read_column_lineage, stream_of
from orchestration.commands.lineage import lineage as command
from orchestration.settings import Settings
from orchestration.steps.business_hours import WRITE_HOURS
from orchestration.steps.commit_graph import (
    NUMBER_COMMITS,
    READ_ROLLOUTS,
    WRITE_ANCESTRY,
    WRITE_COMMITS,
    WRITE_DIFFERENCES,
)
from orchestration.steps.config_tables import CONFIG_TABLES
from tests.parsed import compiled_manifest

KEPT_BY_RUNS = {
    "raw.fetch_windows": "window_index window_id source kind stream scope parent_key requested_from "
    "requested_until started_at closed_at claimed_total record_count page_indexes is_changed run_id is_new",
    "raw.evidence_pages": "log_index source kind stream scope parent_key window_id sequence record_count "
    "fetched_at url body_sha256 body_bytes",
    "raw.redactions": "log_index json_paths",
    "raw.unreadable_records": "stream record_id",
    "computed.poisson_bounds": "event_count lower upper",
    "computed.median_ranks": "n lower_rank upper_rank",
    "computed.working_hours": "calendar day starts_at ends_at cumulative_seconds",
}


def built(con: duckdb.DuckDBPyConnection) -> None:
    """Make every relation of the project that says which columns it has, without rows."""
    manifest = compiled_manifest()
    for schema in ("raw", "config", "computed", "quality", "staging", "intermediate", "marts"):
        con.execute(f"create schema {schema}")
    for source in manifest["sources"].values():
        if source["source_name"] == "raw" and "__" in source["name"]:
            make(con, f"raw.{source['name']}", PAGE_COLUMNS)
    for name, columns in CONFIG_TABLES.items():
        make(con, f"config.{name}", columns)
    for name, listed in KEPT_BY_RUNS.items():
        make(con, name, dict.fromkeys(listed.split(), "varchar"))
    for name, inputs in STEP_INPUTS.items():
        make(con, name, dict.fromkeys(filter(None, inputs), "varchar"))
    for node in manifest["nodes"].values():
        types = {name: column["data_type"] for name, column in node["columns"].items()}
        if node["resource_type"] == "model" and types and all(types.values()):
            make(con, f"{node['schema']}.{node['name']}", types)


def make(con: duckdb.DuckDBPyConnection, relation: str, columns: Mapping[str, str]) -> None:
    listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    con.execute(f"create table if not exists {relation} ({listed})")


@cache
def project() -> ProjectLineage:
    with duckdb.connect() as con:
        built(con)
        return read_column_lineage(con, compiled_manifest(), cache=None)


def test_at_least_99_percent_of_mart_columns_resolve() -> None:
    resolved, total = project().resolved_share("marts.")
    print(f"{resolved} of {total} mart columns resolve ({resolved / total:.2%})")  # noqa: T201 - the share
    assert total > 500
    assert resolved / total >= 0.99, [each for each in project().unresolved if each[0].startswith("marts.")]


def test_every_model_and_every_mart_file_is_there() -> None:
    relations = {each.relation for each in project().columns}
    models = [node for node in compiled_manifest()["nodes"].values() if node["resource_type"] == "model"]
    assert {f"{node['schema']}.{node['name']}" for node in models} <= relations
    assert {
        "marts/mart_dora_weekly.parquet",
        "marts/mart_dora_weekly.csv",
        "assay.xlsx:mart_dora_weekly",
        "report.html:values",
        "report.html:service_levels",
    } <= relations


def test_what_the_report_shows_is_followed_to_the_marts() -> None:
    wanted = ColumnEdge("value", "analyst.duckdb:mart_metric_values", "value", "", Kind.IDENTITY)
    assert ProjectEdge("report.html:values", wanted) in project().edges


def test_lineage_ends_at_the_field_inside_the_pages_of_a_stream() -> None:
    wanted = ColumnEdge(
        "authored_at", "github.commits", "body", "$[*].commit.author.date", Kind.TRANSFORMATION
    )
    assert ProjectEdge("staging.stg_github__commits", wanted) in project().edges


def test_reading_the_project_is_quick_and_quicker_when_unchanged(tmp_path: Path) -> None:
    manifest = compiled_manifest()
    with duckdb.connect() as con:
        built(con)
        begun = time.process_time()
        cold = read_column_lineage(con, manifest, cache=tmp_path / "cache.json")
        between = time.process_time()
        assert read_column_lineage(con, manifest, cache=tmp_path / "cache.json") == cold
        ended = time.process_time()
    assert between - begun < 20
    assert ended - between < 4  # some 280 models and 150 exports; the bound for 200 is 2 s


def test_a_page_of_one_record_and_a_page_of_many_are_one_place() -> None:
    paths = ("$.sha", "$[*].sha", "$.items.id", "$.items[*].id", "$.only")
    edges = [ColumnEdge("x", "raw.github__commits__new", "body", path, Kind.IDENTITY) for path in paths]
    found = {(each.input_relation, each.json_path) for each in as_streams(edges)}
    assert found == {("github.commits", path) for path in ("$[*].sha", "$.items[*].id", "$.only")}


@pytest.mark.parametrize(
    ("relation", "stream"),
    [
        ("raw.github__commits__new", "github.commits"),
        ("raw.github__commits", "github.commits"),
        ("raw.push__github_deliveries__new", "push.github_deliveries"),
        ("raw.fetch_windows", "raw.fetch_windows"),
        ("staging.stg_github__commits", "staging.stg_github__commits"),
    ],
)
def test_raw_tables_are_called_by_their_streams(relation: str, stream: str) -> None:
    assert stream_of(relation) == stream


def inputs_of(*statements: str) -> set[str]:
    """Return what statements of a step read of relations with a schema in their names."""
    wide = {"numbered_commits": "repository commit_sha parent_shas commit_index"}
    schemas = {name: RelationSchema(name, dict.fromkeys(listed.split(), "")) for name, listed in wide.items()}
    edges = [edge for statement in statements for edge in read_lineage(statement, schemas).edges]
    return {f"{each.input_relation}.{each.input_column}" for each in edges if "." in each.input_relation}


def test_the_commit_graph_declares_what_its_statements_read() -> None:
    read = inputs_of(NUMBER_COMMITS, READ_ROLLOUTS)
    declared = {
        place
        for name in ("deployment_commits", "deployment_ancestry", "deployment_differences")
        for given in STEP_INPUTS[f"computed.{name}"].values()
        for place, _ in given
    }
    assert declared == read


@pytest.mark.parametrize(
    ("relation", "statement"),
    [
        ("computed.deployment_commits", WRITE_COMMITS),
        ("computed.deployment_ancestry", WRITE_ANCESTRY),
        ("computed.deployment_differences", WRITE_DIFFERENCES),
        ("computed.working_hours", WRITE_HOURS),
    ],
)
def test_a_step_declares_the_columns_that_it_writes(relation: str, statement: str) -> None:
    assert set(read_lineage(statement, {}).columns) == set(filter(None, STEP_INPUTS[relation]))


def test_every_table_of_settings_says_where_it_comes_from() -> None:
    assert {*SETTINGS_SECTIONS, *OTHER_FILES} == {f"config.{name}" for name in CONFIG_TABLES}
    assert {each for sections in SETTINGS_SECTIONS.values() for each in sections} <= set(
        Settings.model_fields
    )


def test_tokens_come_of_streams_that_name_accounts() -> None:
    assert {"github.commits", "github.pull_requests", "jira.issues"} <= set(account_streams())


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    published = tmp_path / "data" / "published"
    (published / "one").mkdir(parents=True)
    (published / "current").symlink_to("one")
    (tmp_path / "assay.yml").write_text("organisation: acme\n")
    with duckdb.connect(str(published / "one" / "analyst.duckdb")) as con:
        write_tables(con, project())
    return tmp_path


def asked(workspace: Path, *arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--workspace", str(workspace)], standalone_mode=False)


def test_the_command_follows_a_metric_upstream_and_a_field_to_the_files(workspace: Path) -> None:
    up = asked(workspace, "upstream", "marts.fct_changes.lead_time_seconds", "--direct-only")
    assert "github.commits:$[*].commit.committer.date" in up.output
    down = asked(workspace, "impact", "github.commits:$[*].commit.committer.date", "--direct-only", "--json")
    assert '"name": "marts.fct_changes.lead_time_seconds"' in down.output
    assert '"name": "marts/mart_dora_weekly.csv.change_lead_time"' in down.output


def test_the_command_draws_a_page(workspace: Path) -> None:
    page = workspace / "graph.html"
    drawn = asked(
        workspace, "upstream", "fct_changes.lead_time_seconds", "--direct-only", "--html", str(page)
    )
    assert "are drawn in" in drawn.output, drawn.exception
    assert "<svg" in page.read_text()


def test_the_command_lists_what_is_unresolved(workspace: Path) -> None:
    found = asked(workspace, "unresolved")
    assert "mart columns are resolved" in found.output
    assert found.return_value == (1 if project().unresolved else 0)
