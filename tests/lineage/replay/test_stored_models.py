"""Compiled models as a publication stores them."""

from typing import Any

import pytest

from lineage.errors import ReplayInputError
from lineage.replay import ModelBundle


def node(name: str, *, reads: tuple[str, ...] = (), sql: str = "select 1", **config: Any) -> dict[str, Any]:
    """One model of a manifest."""
    return {
        "resource_type": "model",
        "schema": name.partition("_")[0],
        "name": name,
        "compiled_code": sql,
        "depends_on": {"nodes": list(reads)},
        "columns": {"id": {"data_type": "bigint"}},
        "config": {"materialized": "table", "meta": {}, "contract": {"enforced": True}, **config},
    }


def source(schema: str, name: str) -> dict[str, Any]:
    """One source table of a manifest."""
    return {"resource_type": "source", "source_name": schema, "name": name, "schema": schema}


MANIFEST: dict[str, Any] = {
    "nodes": {
        "stg": node("stg_reviews", reads=("raw",), unique_key=["id"], meta={"replay_context": "place"}),
        "again": node("stg_reviewers", reads=("raw",), unique_key="id", meta={"replay_context": "whole"}),
        "int": node("int_reviews", reads=("stg", "graph")),
        "fct": node("marts_reviews", reads=("int",)),
    },
    "sources": {"raw": source("raw", "github__reviews__new"), "graph": source("computed", "commits")},
}


@pytest.fixture
def bundle() -> ModelBundle:
    return ModelBundle.from_manifest(MANIFEST)


def test_a_bundle_is_read_back_as_it_was_stored(bundle: ModelBundle) -> None:
    assert ModelBundle.from_bytes(bundle.to_bytes(), sha256=bundle.sha256).models == bundle.models


def test_equal_models_are_equal_bytes(bundle: ModelBundle) -> None:
    assert bundle.to_bytes() == ModelBundle.from_manifest(MANIFEST).to_bytes()


def test_other_sql_has_another_hash(bundle: ModelBundle) -> None:
    changed = {**MANIFEST["nodes"], "int": node("int_reviews", reads=("stg", "graph"), sql="select 2")}
    assert ModelBundle.from_manifest({**MANIFEST, "nodes": changed}).sha256 != bundle.sha256


def test_stored_sql_that_was_changed_is_told_before_it_runs(bundle: ModelBundle) -> None:
    changed = {**MANIFEST["nodes"], "int": node("int_reviews", reads=("stg", "graph"), sql="select 2")}
    other = ModelBundle.from_manifest({**MANIFEST, "nodes": changed})
    with pytest.raises(ReplayInputError, match=f"its hash is {other.sha256}, not {bundle.sha256}"):
        ModelBundle.from_bytes(other.to_bytes(), sha256=bundle.sha256)


def test_stored_sql_that_is_no_file_of_ours_is_told(bundle: ModelBundle) -> None:
    with pytest.raises(ReplayInputError, match="cannot be unpacked"):
        ModelBundle.from_bytes(b"torn", sha256=bundle.sha256)


def test_a_closure_has_everything_upstream_in_order(bundle: ModelBundle) -> None:
    order = bundle.closure(["marts.marts_reviews"], also={"computed.commits": ("stg.stg_reviewers",)})
    assert order.index("stg.stg_reviewers") < order.index("computed.commits") < order.index("int.int_reviews")
    assert order[-1] == "marts.marts_reviews"


def test_a_relation_that_no_model_makes_is_an_error(bundle: ModelBundle) -> None:
    with pytest.raises(ReplayInputError, match=r"do not make marts\.nothing"):
        bundle.closure(["marts.nothing"])


def test_where_two_models_read_a_stream_the_wider_rule_holds(bundle: ModelBundle) -> None:
    assert bundle.context_rules(["stg.stg_reviews"]) == {"github__reviews": "place"}
    assert bundle.context_rules(["stg.stg_reviews", "stg.stg_reviewers"]) == {"github__reviews": "whole"}


def test_an_unknown_rule_is_an_error() -> None:
    wrong = {**MANIFEST["nodes"], "stg": node("stg_reviews", reads=("raw",), meta={"replay_context": "all"})}
    with pytest.raises(ReplayInputError, match="there are whole, place, named"):
        ModelBundle.from_manifest({**MANIFEST, "nodes": wrong})


def test_a_model_without_compiled_sql_is_an_error() -> None:
    wrong = {**MANIFEST["nodes"], "int": node("int_reviews", sql="")}
    with pytest.raises(ReplayInputError, match="compile the whole project first"):
        ModelBundle.from_manifest({**MANIFEST, "nodes": wrong})
