"""Definition hashes: formatting does not change them, meaning does."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from lineage.canonical_sql import canonical_sql
from lineage.definitions import Circumstances, define_marts, define_metrics
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


TOLD_APART = [
    ("a ~ 'b'", "regexp_matches(a, 'b')"),  # the whole text, or a part of it
    ("{'Foo': a}", "{'foo': a}"),  # the key of a struct becomes text in JSON
    ("a::timestamp", "a::timestamptz"),
    ("try_cast(a as int)", "cast(a as int)"),
    ("a / b", "a // b"),
    ("a - (b - c)", "a - b - c"),
    ("a is distinct from b", "a <> b"),
    ("quantile_cont(a, 0.5)", "quantile_disc(a, 0.5)"),
    (
        "sum(a) over (order by b rows 1 preceding exclude current row)",
        "sum(a) over (order by b rows 1 preceding)",
    ),
    ("list(a order by b)", "list(a)"),
    ("a ->> '$.X'", "a ->> '$.x'"),
    ("a at time zone 'UTC'", "a at time zone 'CET'"),
    ("x[1]", "x[2]"),
    ("e'\\n'", "'\\n'"),
    ("any_value(a)", "first(a)"),
    ("a and b or c", "a and (b or c)"),
]
CLAUSES_TOLD_APART = [
    ("select a from t for update", "select a from t"),
    ("select a from t using sample 10%", "select a from t"),
    ("select a from t limit 5%", "select a from t limit 5"),
    ("select a from t union all by name select a from u", "select a from t union all select a from u"),
    ("select a from t asof join u on t.a >= u.a", "select a from t join u on t.a >= u.a"),
    ("select a from t positional join u", "select a from t join u"),
    ("select distinct on (a) a, b from t", "select distinct a, b from t"),
    ("select a from t order by a desc nulls first", "select a from t order by a desc"),
    ("select * exclude (a) from t", "select * from t"),
    ("select a from t group by all", "select a from t"),
    ("select a from t where x and y", "select a from t where y and x"),  # the same, and not surely so
]


@pytest.mark.parametrize(("one", "other"), TOLD_APART)
def test_expressions_that_a_parser_might_read_alike_are_told_apart(one: str, other: str) -> None:
    assert canonical_sql(f"select {one} from t") != canonical_sql(f"select {other} from t")


@pytest.mark.parametrize(("one", "other"), CLAUSES_TOLD_APART)
def test_clauses_that_a_parser_might_drop_are_told_apart(one: str, other: str) -> None:
    assert canonical_sql(one) != canonical_sql(other)


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


CELLS = """
with facts_1 as materialized (
    select scope, count(*) as deployment_frequency, count(distinct service) as deploying_services
    from "assay"."marts"."fct_deployments" where is_production group by scope
),
facts_2 as materialized (
    select scope, count(*) as issues_done from "assay"."marts"."fct_issues" group by scope
)
select 'deployment_frequency' as metric, facts_1.scope, deployment_frequency as value from facts_1
union all
select 'deploying_services' as metric, facts_1.scope, deploying_services as value from facts_1
union all
select 'issues_done' as metric, facts_2.scope, issues_done as value from facts_2
"""
MANIFEST: dict[str, Any] = {
    "nodes": {
        "model.stg": model("stg", "select id, at from raw.deployments", "source.raw", schema="staging"),
        "model.other": model("other", "select 1 as x", schema="staging"),
        "model.fct_deployments": model(
            "fct_deployments", "select * from staging.stg where at > date '2020-01-01'", "model.stg"
        ),
        "model.fct_issues": model("fct_issues", "select * from staging.other", "model.other"),
        "model.int_metric_cells": model("int_metric_cells", CELLS, "model.fct_issues"),
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
    contract = json.loads(defined.texts[defined.document["sources"]["source.raw"]])
    assert contract == {"kind": "source", "columns": {"body": "blob"}}
    assert set(defined.texts) == {
        digest
        for part in ("models", "cells", "sources", "settings", "steps")
        for digest in defined.document[part].values()
    }
    assert hash_of() == defined.sha256


def set_sql(name: str, sql: str) -> Callable[[dict[str, Any]], object]:
    return lambda manifest: manifest["nodes"][name].update(compiled_code=sql)


@pytest.mark.parametrize(
    "change",
    [
        set_sql("model.stg", "select ID,\n  at -- when\nfrom raw.deployments"),
        set_sql("model.other", "select 2 as x"),
        set_sql("model.int_metric_cells", CELLS.replace("count(distinct service)", "count(service)")),
        set_sql("model.int_metric_cells", CELLS.replace("issues_done from", "issues_done  -- why\nfrom")),
        set_sql("model.int_metric_cells", CELLS.replace("facts_1", "facts_7")),
        set_sql(
            "model.int_metric_cells", CELLS.replace('"fct_issues" group', '"fct_issues" where open group')
        ),
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
        set_sql("model.int_metric_cells", CELLS.replace("where is_production ", "")),
        set_sql("model.int_metric_cells", CELLS.replace("count(*) as deployment", "count(x) as deployment")),
        set_sql(
            "model.int_metric_cells",
            CELLS.replace("value from facts_1\nunion", "2 * value from facts_1\nunion", 1),
        ),
        set_sql("model.int_metric_cells", f"select * from ({CELLS}) where value > 1"),
        set_sql("model.int_metric_cells", CELLS + " limit 5"),
        lambda manifest: manifest["nodes"]["model.stg"].update(config={"unique_key": ["id"]}),
        lambda manifest: manifest["nodes"]["model.stg"].update(
            config={"post-hook": [{"sql": "delete from x"}]}
        ),
        lambda manifest: manifest["nodes"]["model.stg"].update(
            config={"contract": {"enforced": True}}, columns={"id": {"data_type": "integer"}}
        ),
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


def hash_under(**circumstances: Any) -> str:
    defined = define_metrics(MANIFEST, [ROW], circumstances=Circumstances(**circumstances))
    return defined["deployment_frequency"].sha256


def test_rules_and_steps_count_where_the_upstream_reads_their_table() -> None:
    base = hash_under(rules={"raw.deployments": [{"hours": 24}]}, steps={"raw.deployments": {"f": "1"}})
    assert (
        hash_under(rules={"raw.deployments": [{"hours": 12}]}, steps={"raw.deployments": {"f": "1"}}) != base
    )
    assert (
        hash_under(rules={"raw.deployments": [{"hours": 24}]}, steps={"raw.deployments": {"f": "2"}}) != base
    )
    assert hash_under(rules={"config.unread": [1]}) == hash_under(steps={"computed.unread": {"f": "1"}})


def test_the_policy_of_a_metric_is_part_of_its_definition_and_of_no_other() -> None:
    strict = {"tier": "incentive", "minimum_n": 20, "required_roles": ["works_council"]}
    assert hash_under(policies={"deployment_frequency": strict}) != hash_under()
    assert hash_under(policies={"deployment_frequency": {**strict, "minimum_n": 21}}) != hash_under(
        policies={"deployment_frequency": strict}
    )
    assert hash_under(policies={"another": strict}) == hash_under()


def test_metrics_that_read_dispositions_change_with_the_share_that_stands_beside_them() -> None:
    cells = CELLS.replace("deploying_services", "dispositions_unknown_share")
    changed_share = cells.replace("count(distinct service)", "count(service)")
    row = {**ROW, "reads_dispositions": True}
    with_share, with_changed = (
        hash_of(changed(set_sql("model.int_metric_cells", sql)), row) for sql in (cells, changed_share)
    )
    assert with_share != with_changed
    silent = [hash_of(changed(set_sql("model.int_metric_cells", sql))) for sql in (cells, changed_share)]
    assert silent[0] == silent[1]


def test_a_mart_is_defined_by_everything_upstream_of_it() -> None:
    def marts(manifest: dict[str, Any]) -> str:
        relation = "marts.mart_metric_values"
        return define_marts(manifest, [relation], circumstances=Circumstances())[relation].sha256

    assert marts(changed(set_sql("model.other", "select 2 as x"))) != marts(MANIFEST)
    assert marts(changed(set_sql("model.stg", "select 2 as x"))) == marts(MANIFEST)


def test_what_cannot_be_read_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"marts\.fct_none is no model"):
        hash_of(row={**ROW, "fact_relation": "marts.fct_none"})
    with pytest.raises(DefinitionError, match=r"model\.stg has no compiled SQL"):
        hash_of(changed(lambda manifest: manifest["nodes"]["model.stg"].update(compiled_code=None)))
    with pytest.raises(DefinitionError, match=r"depends on source\.raw"):
        hash_of(changed(lambda manifest: manifest["sources"].clear()))
