"""Definition hashes: formatting does not change them, meaning does."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from lineage.canonical_sql import canonical_sql
from lineage.definitions import define_metrics
from lineage.errors import DefinitionError

SQL = """
with dated as (
    select deployment_id, finished_at, outcome
    from "assay"."staging"."stg_deployments"
    where outcome = 'success' and attempt > 1
    qualify row_number() over (partition by deployment_id order by finished_at desc) = 1
)
select service_id, count(*) filter (where not is_rollback) as deployments
from dated left join services using (deployment_id)
group by service_id
having count(*) >= 2
"""
SAME = [
    SQL.replace("\n", "  \n\n"),
    SQL.upper().replace("'SUCCESS'", "'success'"),
    SQL.replace("select deployment_id", "select -- what\n /* for */ deployment_id"),
    SQL.replace("service_id", '"service_id"'),
    SQL.replace("as deployments", "deployments"),
]
DIFFERENT = [
    SQL.replace("'success'", "'Success'"),
    SQL.replace("attempt > 1", "attempt >= 1"),
    SQL.replace("attempt > 1", "attempt > 2"),
    SQL.replace(" and attempt > 1", ""),
    SQL.replace("not is_rollback", "is_rollback"),
    SQL.replace("left join", "join"),
    SQL.replace("desc", "asc"),
    SQL.replace(" desc", ""),
    SQL.replace("partition by deployment_id ", ""),
    SQL.replace("count(*) filter", "count(service_id) filter"),
    SQL.replace("with dated", "with recursive dated"),
    SQL.replace("select service_id", "select distinct service_id"),
    SQL.replace("staging", "raw"),
    SQL.replace("having count(*) >= 2", ""),
]


@pytest.mark.parametrize("same", SAME)
def test_white_space_comments_case_and_quotes_do_not_matter(same: str) -> None:
    assert same != SQL
    assert canonical_sql(same) == canonical_sql(SQL)


@pytest.mark.parametrize("different", DIFFERENT)
def test_every_predicate_operator_join_and_column_matters(different: str) -> None:
    assert canonical_sql(different) != canonical_sql(SQL)


@pytest.mark.parametrize("unknown", ["select 1 +", "frobnicate the 'x'  table -- why", "select 'unclosed"])
def test_what_the_parser_does_not_know_is_still_told_apart(unknown: str) -> None:
    assert canonical_sql(unknown) == canonical_sql(unknown + "  ")
    assert canonical_sql(unknown) != canonical_sql(unknown.replace("e", "o", 1))


def model(name: str, sql: str | None, *parents: str, schema: str = "marts") -> dict[str, Any]:
    return {
        "resource_type": "model",
        "name": name,
        "schema": schema,
        "alias": name,
        "compiled_code": sql,
        "depends_on": {"nodes": list(parents)},
    }


MANIFEST: dict[str, Any] = {
    "nodes": {
        "model.stg": model("stg", "select id, at from raw.deployments", "source.raw", schema="staging"),
        "model.other": model("other", "select 1 as x", schema="staging"),
        "model.fct_deployments": model(
            "fct_deployments", "select * from staging.stg where at > date '2020-01-01'", "model.stg"
        ),
        "model.fct_issues": model("fct_issues", "select * from staging.other", "model.other"),
        "model.int_metric_cells": model("int_metric_cells", "select 'all metrics'", "model.fct_issues"),
        "model.mart_metric_values": model(
            "mart_metric_values", "select coalesce(value, 0) from cells", "model.int_metric_cells"
        ),
    },
    "sources": {
        "source.raw": {
            "resource_type": "source",
            "name": "deployments",
            "schema": "raw",
            "columns": {"body": {"data_type": "BLOB"}},
        }
    },
}
ROW = {
    "metric": "deployment_frequency",
    "metric_version": 1,
    "profile": "dora_2026",
    "title": "Deployment frequency",
    "sentence": "How many.",
    "minimum_n": 5,
    "fact_relation": "marts.fct_deployments",
    "filter_sql": "is_production and outcome = 'success'",
    "value_sql": "count(deployment_id)",
    "denominator_sql": None,
    "definition_json": '{"title": "Deployment frequency", "threshold": 0.5, "unit": "deployments"}',
}
PARAMETERS = {"time_zone": "UTC", "incident_link_hours": 24, "share": 0.15}


def hash_of(
    manifest: dict[str, Any] | None = None,
    row: dict[str, Any] | None = None,
    parameters: dict[str, Any] | None = None,
) -> str:
    defined = define_metrics(manifest or MANIFEST, [row or ROW], parameters=parameters or PARAMETERS)
    return defined["deployment_frequency"].sha256


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    manifest = copy.deepcopy(MANIFEST)
    change(manifest)
    return manifest


def test_a_hash_is_of_the_definition_its_upstream_sources_and_parameters() -> None:
    defined = define_metrics(MANIFEST, [ROW], parameters=PARAMETERS)["deployment_frequency"]
    assert len(defined.sha256) == 64
    assert set(defined.document["models"]) == {
        "model.stg",
        "model.fct_deployments",
        "model.mart_metric_values",
    }
    assert defined.document["sources"] == {"source.raw": {"kind": "source", "columns": {"body": "blob"}}}
    assert hash_of() == defined.sha256


def set_sql(name: str, sql: str) -> Callable[[dict[str, Any]], object]:
    return lambda manifest: manifest["nodes"][name].update(compiled_code=sql)


@pytest.mark.parametrize(
    "change",
    [
        set_sql("model.stg", "select ID,\n  at -- when\nfrom raw.deployments"),
        set_sql("model.other", "select 2 as x"),
        set_sql("model.int_metric_cells", "select 'another metric too'"),
        lambda manifest: manifest["nodes"]["model.stg"].update(description="at length"),
    ],
)
def test_formatting_and_other_metrics_leave_a_sign_off_in_force(
    change: Callable[[dict[str, Any]], object],
) -> None:
    assert hash_of(changed(change)) == hash_of()


@pytest.mark.parametrize(
    "change",
    [
        set_sql("model.stg", "select id, at from raw.deployments where id > 1"),
        set_sql("model.fct_deployments", "select * from staging.stg where at > date '2020-01-02'"),
        set_sql("model.mart_metric_values", "select value from cells"),
        lambda manifest: manifest["sources"]["source.raw"]["columns"].update(more={"data_type": "int"}),
        lambda manifest: manifest["nodes"]["model.stg"]["depends_on"].update(nodes=["model.other"]),
    ],
)
def test_a_predicate_anywhere_upstream_or_a_source_contract_lapses_it(
    change: Callable[[dict[str, Any]], object],
) -> None:
    assert hash_of(changed(change)) != hash_of()


@pytest.mark.parametrize(
    ("changes", "is_same"),
    [
        ({"title": "Deploys", "sentence": "Count."}, True),
        ({"objective": "Speed.", "audience": ["teams"], "distortions": "Many.", "retire_on": None}, True),
        ({"filter_sql": "IS_PRODUCTION  and outcome = 'success'"}, True),
        ({"definition_json": '{"unit": "deployments", "title": "x", "threshold": 0.50}'}, True),
        ({"definition_json": '{"unit": "deployments", "title": "x", "threshold": 0.51}'}, False),
        ({"filter_sql": "is_production"}, False),
        ({"value_sql": "count(distinct deployment_id)"}, False),
        ({"minimum_n": 6}, False),
        ({"metric_version": 2}, False),
    ],
)
def test_words_explain_and_formulas_define(changes: dict[str, Any], *, is_same: bool) -> None:
    assert (hash_of(row={**ROW, **changes}) == hash_of()) is is_same


def test_a_parameter_of_the_workspace_is_part_of_the_definition() -> None:
    assert hash_of(parameters={**PARAMETERS, "incident_link_hours": 12}) != hash_of()
    assert hash_of(parameters=dict(reversed(PARAMETERS.items()))) == hash_of()


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"marts\.fct_none is no model"):
        hash_of(row={**ROW, "fact_relation": "marts.fct_none"})
    with pytest.raises(DefinitionError, match=r"model\.stg has no compiled SQL"):
        hash_of(changed(lambda manifest: manifest["nodes"]["model.stg"].update(compiled_code=None)))
    with pytest.raises(DefinitionError, match=r"depends on source\.raw"):
        hash_of(changed(lambda manifest: manifest["sources"].clear()))
