"""The project as dbt builds it: contracts, tests that can fail, governance, and what its SQL may not hold."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from lineage.replay import META_KEY, RULES
from orchestration.steps.business_hours import write_working_hours
from orchestration.steps.commit_graph import write_commit_graph
from orchestration.steps.intervals import write_interval_tables
from tests.dbt_project.compiled import compiled_models
from tests.dbt_project.staged_columns import STAGED_COLUMNS
from tests.dbt_project.warehouse import EvidenceBook, Warehouse, manifest
from tests.parsed import compiled_manifest

ABOVE_STAGING = ("intermediate", "profiles", "marts")
REFUSED = (
    r"\bany_value\(",
    r"(?<!_)\bfirst\(",
    r"\blast\(",
    r"\b(?:list_|array_)?(?:f?avg|mean)\(",
    r"\b(?:fsum|kahan_sum|sumkahan|(?:list|array)_aggr(?:egate)?)\(",
    r"\b(?:list_|array_)?(?:product|stddev|var_|variance|covar_|corr|regr_|entropy|kurtosis|skewness|sem|mad)\w*\(",
    r"\b(?:list_|array_)?(?:mode|histogram|reservoir_quantile)\(",
    r"\b(?:arbitrary|m(?:in|ax)_by|arg_?m(?:in|ax)_null\w*|argm(?:in|ax)|array_agg|group_concat|listagg)\(",
    r"\bapprox_",
    r"\barg_m(?:in|ax)\(",
    r"\bstring_agg\(",
    r"\bcurrent_(?:timestamp|date)\b",
    r"\bnow\(",
    r"\brandom\(",
    r"\bhash\(",
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Warehouse, list[Any]]:
    """The whole project, built by dbt over empty evidence in the order that a run follows."""
    root = tmp_path_factory.mktemp("project")
    warehouse = Warehouse(root)
    warehouse.build(EvidenceBook(root).evidence(), select=["staging", "tag:before_graph"])
    with warehouse.connection() as con:
        write_commit_graph(con)
        write_interval_tables(con, largest_exact=40)
        write_working_hours(con)
    return warehouse, warehouse.dbt("build", "--select", *ABOVE_STAGING, "--exclude", "tag:before_graph")


def test_dbt_builds_everything_above_the_graph_and_all_of_its_tests_pass(
    built: tuple[Warehouse, list[Any]],
) -> None:
    results = built[1]
    failed = [f"{row.node.name}: {row.message}" for row in results if row.status not in ("success", "pass")]
    assert failed == []
    kinds = {row.node.resource_type for row in results}
    assert {"model", "test", "unit_test"} <= {str(kind) for kind in kinds}


def test_every_model_of_evidence_says_what_of_its_stream_a_number_is_read_against() -> None:
    reading = {
        node["name"]: node["config"]["meta"].get(META_KEY)
        for node in compiled_manifest()["nodes"].values()
        if node["resource_type"] == "model" and reads_pages(node)
    }
    assert len(reading) > 90
    assert {name: rule for name, rule in reading.items() if rule not in RULES} == {}


def reads_pages(node: Mapping[str, Any]) -> bool:
    """Whether a model reads the pages of a stream."""
    return any(key.startswith("source.assay.raw.") and "__" in key for key in node["depends_on"]["nodes"])


def test_what_the_steps_read_is_all_built_before_them() -> None:
    before = {model.name for model in compiled_models() if model.is_before_graph}
    assert {"int_commits", "int_deployments_rolled_out"} <= before
    above = {
        parent.split(".")[-1]
        for key, parents in manifest().parent_map.items()
        if key.startswith("model.") and key.split(".")[-1] in before
        for parent in parents
        if parent.startswith("model.")
    }
    assert {name for name in above if not name.startswith("stg_")} <= before
    assert not [
        parent
        for key, parents in manifest().parent_map.items()
        if key.split(".")[-1] in before
        for parent in parents
        if parent.startswith("source.assay.computed.")
    ]


def test_the_staging_columns_that_the_stories_write_are_those_of_the_real_tables(
    built: tuple[Warehouse, list[Any]],
) -> None:
    types = {
        "varchar": "VARCHAR",
        "varchar[]": "VARCHAR[]",
        "bigint": "BIGINT",
        "bigint[]": "BIGINT[]",
        "integer": "INTEGER",
        "boolean": "BOOLEAN",
        "date": "DATE",
        "double": "DOUBLE",
        "timestamptz": "TIMESTAMP WITH TIME ZONE",
    }
    for table, columns in STAGED_COLUMNS.items():
        real = {row[0]: row[1] for row in built[0].rows(f"describe staging.{table}")}
        for column in columns.split(", "):
            name, kind = column.rsplit(" ", 1)
            assert real.get(name) == types[kind], f"{table}.{name}"


@pytest.mark.parametrize(
    ("fault", "red"),
    [
        ("update marts.fct_changes set lead_time_seconds = -1", "lead_time_belongs_to_deployed_changes"),
        ("insert into marts.fct_changes select * from marts.fct_changes", "unique_fct_changes_change_id"),
        ("update marts.fct_changes set coding_seconds = -5", "lead_time_parts_are_not_negative"),
        ("update marts.fct_changes set state = 'lost'", "accepted_values_fct_changes_state"),
        ("update marts.fct_changes set deployment_id = 'nowhere'", "relationships_fct_changes_deployment_id"),
    ],
)
def test_a_planted_fault_turns_its_data_test_red(
    built: tuple[Warehouse, list[Any]], fault: str, red: str
) -> None:
    warehouse = built[0]
    with warehouse.connection() as con:
        con.execute("create or replace table kept as select * from marts.fct_changes")
        con.execute(
            "insert into marts.fct_changes by name select 'x' as change_id, 'deployed' as state, "
            "now() as committed_at, 5 as lead_time_seconds, []::bigint[] as record_ids"
        )
        con.execute(fault)
    try:
        results = warehouse.dbt("test", "--select", "fct_changes")
    finally:
        with warehouse.connection() as con:
            con.execute("delete from marts.fct_changes")
            con.execute("insert into marts.fct_changes select * from kept; drop table kept")
    assert any(row.status == "fail" and row.node.name.startswith(red) for row in results)


def test_formulas_stand_in_the_semantic_models_and_nowhere_else() -> None:
    """The marts and the metric cells read the catalogue; no model spells a metric's formula itself."""
    for name in ("mart_metric_values", "mart_dora_weekly", "mart_dora_monthly"):
        code = manifest().nodes[f"model.assay.{name}"].raw_code
        assert "lead_time_seconds" not in code
        assert "is_change_failure" not in code


def test_marts_have_contracts_and_grains_and_intermediate_models_stay_private() -> None:
    for node in manifest().nodes.values():
        if node.resource_type != "model" or node.schema not in ABOVE_STAGING:
            continue
        assert node.description.startswith("One row"), node.name
        assert str(node.group) == "delivery", node.name
        assert str(node.access.value) == ("public" if node.schema == "marts" else "private"), node.name
        assert node.raw_code.startswith("-- Grain: one row"), node.name
        assert node.config.contract.enforced == (node.schema == "marts"), node.name
        if node.schema == "marts":
            assert all(column.description for column in node.columns.values()), node.name


def test_every_fact_names_its_records_and_the_owner_of_its_time() -> None:
    facts = [node for node in manifest().nodes.values() if node.name.startswith("fct_")]
    assert len(facts) > 8
    for fact in facts:
        expected = {"service_id", "team_id", "team_path", "organisation", "record_ids", "context_record_ids"}
        assert expected <= set(fact.columns), fact.name


def test_no_model_uses_what_changes_with_threads_runs_or_clocks() -> None:
    for model in compiled_models():
        assert _refused(model.sql) == [], model.name


@pytest.mark.parametrize(
    "planted",
    [
        "avg(lead_time_seconds)",
        "avg(lead_time_seconds) over (order by finished_at)",
        "sum(lead_time_seconds / 60.0)",
        "sum(lead_time_seconds::double)",
        "sum(cast(lead_time_seconds as float))",
        "sum (lead_time_seconds)",
        "sum(distinct lead_time_seconds)",
        "sum(lead_time_seconds) filter (where state = 'deployed')",
        "list_sum(list(lead_time_seconds))",
        "list_aggregate(list_sort(list(lead_time_seconds)), 'avg')",
        "fsum(lead_time_seconds)",
        "product(lead_time_seconds)",
        "var_pop(lead_time_seconds)",
        "regr_slope(lead_time_seconds, 2)",
        "max_by(service_id, lead_time_seconds)",
        "mode(service_id)",
        "array_agg(service_id)",
    ],
)
def test_a_planted_sum_that_changes_with_threads_makes_the_search_red(planted: str) -> None:
    (model,) = (one for one in compiled_models() if one.name == "fct_changes")
    head, separator, tail = model.sql.rpartition("from parted")
    assert separator
    assert _refused(f"{head}, {planted} as planted\n{separator}{tail}") != []


def _refused(sql: str) -> list[str]:
    """What a query uses that changes with threads, runs or clocks."""
    found = [pattern for pattern in REFUSED if re.search(pattern, sql)]
    return [*found, *_unordered_lists(sql), *_inexact_sums(sql)]


@pytest.mark.parametrize(
    ("sql", "is_refused"),
    [
        ("select list(a) from t", True),
        ("select list(a order by a) from t", False),
        ("select list_sort(list(a)) from t", False),
        ("select list_sort(list_distinct(list(a) filter (where a > 1))) from t", False),
        ("select flatten(list(a order by b)) from t", False),
    ],
)
def test_the_search_for_unordered_lists_finds_them(sql: str, *, is_refused: bool) -> None:
    assert bool(_unordered_lists(sql)) == is_refused


@pytest.mark.parametrize(
    ("sql", "is_refused"),
    [
        ("select sum(a) from t", True),
        ("select sum(cast(a as double)), cast(b as bigint) from t", True),
        ("select sum(cast(a as bigint) * b) from t", True),
        ("select sum(cast(coalesce(a, 0) as decimal(28, 9))) over up_to_here from t", False),
        ("select sum(cast(a as bigint)) from t", False),
    ],
)
def test_the_search_for_sums_of_what_may_be_floats_finds_them(sql: str, *, is_refused: bool) -> None:
    assert bool(_inexact_sums(sql)) == is_refused


def _inexact_sums(sql: str) -> list[str]:
    """Sums whose terms are not made DECIMAL or whole numbers first."""
    exact = re.compile(r"cast\(.* as (?:decimal\(28, \d+\)|bigint)\)", re.DOTALL)
    found = [_inside(sql, match.end()) for match in re.finditer(r"\bsum(?:_no_overflow)?\s*\(", sql)]
    return [inside for inside in found if not _is_one_cast(inside) or not exact.fullmatch(inside)]


def _is_one_cast(inside: str) -> bool:
    opening = "cast("
    return inside.startswith(opening) and opening + _inside(inside, len(opening)) + ")" == inside


def _inside(sql: str, start: int) -> str:
    """What stands between a parenthesis, which ends before `start`, and the one that closes it."""
    depth, end = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(sql[end], 0)
        end += 1
    return sql[start : end - 1]


def _unordered_lists(sql: str) -> list[str]:
    found = []
    for match in re.finditer(r"(?<![\w.])list\(", sql):
        inside = _inside(sql, match.end())
        is_sorted = re.search(r"list_sort\((?:list_distinct\()?$", sql[: match.start()])
        if "order by" not in inside and not is_sorted:
            found.append(inside)
    return found
