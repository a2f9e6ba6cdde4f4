"""Which models are built: those that the news touch, each test with the models that it reads."""

from typing import Any

import duckdb
import pytest

from orchestration.flow.overlap import is_only_overlap
from orchestration.flow.planning import affected_models
from orchestration.flow.warehouse import (
    StageMark,
    mark_stage,
    mark_unfinished,
    stage_mark,
    unfinished_models,
)
from orchestration.model_graph import ModelGraph
from orchestration.sources import utc_now


def model(name: str, *reads: str) -> dict[str, Any]:
    return {
        "resource_type": "model",
        "name": name,
        "schema": "s",
        "fqn": ["assay", name],
        "depends_on": {"nodes": list(reads)},
    }


def check(name: str, *reads: str) -> dict[str, Any]:
    return {**model(name, *reads), "resource_type": "test"}


def graph() -> ModelGraph:
    """Pages of issues and pulls, staged; commits feed the graph, whose result feeds changes."""
    sources = {
        f"source.assay.{source}.{name}": {"source_name": source, "name": name, "schema": source}
        for source, name in [
            ("raw", "issues__new"),
            ("raw", "pulls__new"),
            ("computed", "deployment_commits"),
            ("computed", "deployment_ancestry"),
            ("vault", "account_tokens"),
        ]
    }
    nodes = {
        "model.issues": model("issues", "source.assay.raw.issues__new"),
        "model.int_commits": model("int_commits", "source.assay.raw.pulls__new"),
        "model.incidents": model("incidents", "model.issues"),
        "model.changes": model("changes", "model.int_commits", "source.assay.computed.deployment_commits"),
        "model.mart": model("mart", "model.changes", "model.incidents"),
        "test.issues_unique": check("issues_unique", "model.issues"),
        "test.incidents_have_issues": check("incidents_have_issues", "model.issues", "model.incidents"),
        "test.changes_have_commits": check("changes_have_commits", "model.int_commits", "model.changes"),
    }
    children: dict[str, list[str]] = {}
    for key, node in nodes.items():
        for parent in node["depends_on"]["nodes"]:
            children.setdefault(parent, []).append(key)
    return ModelGraph({"nodes": nodes, "sources": sources, "child_map": children})


def test_only_what_lies_downstream_of_the_news_is_built() -> None:
    assert affected_models(graph(), ["raw.issues__new"]) == {"model.issues", "model.incidents", "model.mart"}


def test_news_of_commits_reach_what_the_commit_graph_feeds() -> None:
    assert affected_models(graph(), ["raw.pulls__new"]) == {
        "model.int_commits",
        "model.changes",
        "model.mart",
    }


def test_models_of_a_kind_that_the_workspace_does_not_have_are_no_part_of_it() -> None:
    whole = graph().manifest
    staged = {
        **model("stg_other__runs", "source.assay.raw.other__runs__new"),
        "fqn": ["assay", "staging", "other", "stg_other__runs"],
        "config": {"contract": {"enforced": True}},
        "columns": {"run_id": {"data_type": "bigint"}},
    }
    unique = check("runs_unique", "model.stg_other__runs")
    runs = {"source_name": "raw", "name": "other__runs__new", "schema": "raw"}
    manifest = {
        "nodes": {**whole["nodes"], "model.stg_other__runs": staged, "test.runs_unique": unique},
        "sources": {**whole["sources"], "source.assay.raw.other__runs__new": runs},
        "child_map": {
            **whole["child_map"],
            "source.assay.raw.other__runs__new": ["model.stg_other__runs"],
            "model.stg_other__runs": ["model.incidents", "test.runs_unique"],
        },
    }
    found = ModelGraph(manifest, frozenset({"other"}))
    assert found.empty_tables == {"stg_other__runs": {"run_id": "bigint"}}
    assert found.models.keys() == whole["nodes"].keys() - graph().tests.keys()
    assert "test.runs_unique" not in found.tests
    assert "raw.other__runs__new" not in found.sources
    assert affected_models(found, ["raw.other__runs__new"]) == {"model.incidents", "model.mart"}


def test_the_commit_graph_splits_the_models_in_two() -> None:
    found = graph()
    assert found.before_graph == {"model.issues", "model.int_commits", "model.incidents"}
    assert found.after_graph == {"model.changes", "model.mart"}
    order = found.in_order
    assert order.index("model.issues") < order.index("model.incidents") < order.index("model.mart")


def test_a_test_runs_when_all_that_it_reads_stands() -> None:
    found = graph()
    assert found.names(["model.issues"], built=[]) == ["assay.issues", "assay.issues_unique"]
    assert "assay.incidents_have_issues" in found.names(["model.issues"], built=["model.incidents"])
    assert "assay.changes_have_commits" not in found.names(found.before_graph, built=[])
    assert "assay.changes_have_commits" in found.names(found.after_graph, built=found.before_graph)


def test_a_build_that_was_cut_off_is_remembered() -> None:
    with duckdb.connect() as con:
        assert unfinished_models(con) == frozenset()
        mark_unfinished(con, {"model.b", "model.a"})
        assert unfinished_models(con) == {"model.a", "model.b"}
        mark_unfinished(con, ())
        assert unfinished_models(con) == frozenset()
        assert stage_mark(con, "models") is None
        mark = StageMark("run", "code", 7, utc_now())
        mark_stage(con, "models", mark)
        assert stage_mark(con, "models") == mark


ISSUES = '[{"id": 1, "title": "a"}, {"id": 2, "title": "b"}]'


@pytest.fixture
def warehouse() -> duckdb.DuckDBPyConnection:
    con = duckdb.connect()
    con.execute("create schema raw; create schema staging")
    con.execute(
        "create table raw.pages (log_index bigint, source varchar, scope varchar, parent_key varchar, "
        "record_count int, body blob)"
    )
    con.execute("insert into raw.pages values (10, 'hub', 'acme/shop', null, 2, ?::blob)", [ISSUES.encode()])
    con.execute("create view raw.github__issues as from raw.pages")
    con.execute("create view raw.github__issues__new as from raw.pages where log_index >= 20")
    con.execute("create table staging.stg_github__issues (source varchar, issue_id bigint, record_id bigint)")
    con.execute(
        "insert into staging.stg_github__issues values ('hub', 1, 10 << 23), ('hub', 2, (10 << 23) + 1)"
    )
    return con


def fetch_again(con: duckdb.DuckDBPyConnection, body: str, records: int) -> bool:
    con.execute(
        "insert into raw.pages values (20, 'hub', 'acme/shop', null, ?, ?::blob)", [records, body.encode()]
    )
    return is_only_overlap(con, ["raw.github__issues__new"])


@pytest.mark.parametrize(
    ("body", "records", "is_overlap"),
    [
        ('[{"id": 2, "title": "b"}]', 1, True),
        ("[]", 0, True),
        ('[{"id": 2, "title": "another"}]', 1, False),
        ('[{"id": 2, "title": "b"}, {"id": 3, "title": "c"}]', 2, False),
        ("not JSON", 1, False),
    ],
)
def test_an_overlap_is_told_from_news_record_by_record(
    warehouse: duckdb.DuckDBPyConnection, body: str, records: int, *, is_overlap: bool
) -> None:
    assert fetch_again(warehouse, body, records) is is_overlap


@pytest.mark.parametrize("table", ["config.services", "raw.github__reviews__new", "vault.account_tokens"])
def test_settings_tokens_and_replaced_sets_are_always_news(
    warehouse: duckdb.DuckDBPyConnection, table: str
) -> None:
    assert fetch_again(warehouse, '[{"id": 2, "title": "b"}]', 1)
    assert not is_only_overlap(warehouse, ["raw.github__issues__new", table])


@pytest.mark.parametrize(("records", "is_overlap"), [(0, True), (1, False)])
def test_an_empty_page_brings_nothing_also_where_a_model_is_written_by_hand(
    warehouse: duckdb.DuckDBPyConnection, records: int, *, is_overlap: bool
) -> None:
    """Jira's issues have no declared columns: records cannot be looked up in staging, none need not be."""
    warehouse.execute("create view raw.jira__issues__new as from raw.pages where log_index >= 20")
    body = b'{"issues": [%s]}' % (b'{"id": "1"}' * records)
    warehouse.execute("insert into raw.pages values (20, 'jira', 'site', null, ?, ?::blob)", [records, body])
    assert is_only_overlap(warehouse, ["raw.jira__issues__new"]) is is_overlap
