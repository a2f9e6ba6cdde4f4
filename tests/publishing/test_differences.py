"""What differs between two publications: each cause planted alone, and found by name with its records."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from publishing.differences import Comparison, Side, compare_publications, notice_document, read_side
from publishing.differences.changed_marts import ABOUT_READING, KEYS
from publishing.differences.notice import notice_lines
from publishing.errors import ManifestError, PublicationInputError
from tests.parsed import compiled_manifest

CUTOFF = 1_000
HASHES = {"deployment_frequency": "a" * 64, "change_fail_rate": "b" * 64, "marts.mart_dora_monthly": "c" * 64}
TABLES = """
set TimeZone = 'UTC';
create schema marts;
create table marts.dim_metrics (
    metric varchar, metric_version integer, fact_relation varchar, fact_key varchar, filter_sql varchar,
    event_at_column varchar, service_scope_sql varchar, team_scope_sql varchar, organisation_scope_sql varchar
);
insert into marts.dim_metrics
select metric, 1, 'marts.fct_deployments', 'deployment_id', condition, 'deployed_date',
    'service_id = $scope_id', 'list_contains(team_path, $scope_id)', 'organisation = $scope_id'
from (values
    ('deployment_frequency', '(is_production)'), ('change_fail_rate', '(is_production and is_known)')
) as listed (metric, condition);
create table marts.fct_deployments as
select
    'd' || number as deployment_id, service_id, team_id, [team_id] as team_path, 'acme' as organisation,
    true as is_production, true as is_known, number % 4 = 0 as is_change_failure, 'unknown' as disposition,
    date '2026-04-01' + cast(number as integer) as deployed_date,
    [number << 23] as record_ids, cast([] as bigint[]) as context_record_ids
from range(60) as numbers (number),
    (values ('checkout', 'payments'), ('search', 'discovery')) as listed (service_id, team_id)
where (number % 2 = 0) = (service_id = 'checkout');
"""
VALUES = """
create or replace table marts.mart_metric_values as
with placed as (
    select *, unnest([
            {'kind': 'service', 'id': service_id}, {'kind': 'team', 'id': team_id},
            {'kind': 'organisation', 'id': organisation}
        ]) as scope
    from marts.fct_deployments where is_production
),
spread as (
    select scope, grain as period_grain, cast(date_trunc(grain, deployed_date) as date) as period_start,
        is_change_failure
    from placed, (values ('day'), ('week'), ('month')) as grains (grain)
),
counted as (
    select scope.kind as scope_kind, scope.id as scope_id, period_grain, period_start,
        count(*) as deployments, count(*) filter (where is_change_failure) as failures
    from spread group by all
)
select
    metric, 1 as metric_version, 'dora_2026' as profile, scope_kind, scope_id, period_grain, period_start,
    cast(
        case metric when 'deployment_frequency' then deployments else failures / deployments end
        as decimal(28, 9)
    ) as value,
    cast(failures as bigint) as numerator, cast(deployments as bigint) as denominator,
    cast(deployments as bigint) as n, cast(null as decimal(28, 9)) as interval_low,
    cast(null as decimal(28, 9)) as interval_high, 'deployments' as unit,
    case when period_start >= date '2026-05-25' then ['partial'] else cast([] as varchar[]) end as flags
from counted, (values ('deployment_frequency'), ('change_fail_rate')) as metrics (metric)
where deployments > 0;
create or replace table marts.mart_dora_monthly as
select scope_kind, scope_id, period_start, max(value) filter (where metric = 'deployment_frequency')
    as deployment_frequency
from marts.mart_metric_values where period_grain = 'month' group by all;
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("differences") / "analyst.duckdb"
    with duckdb.connect(str(path)) as con:
        con.execute(TABLES)
        con.execute(VALUES)
    return path


Compare = Callable[..., Comparison]


@pytest.fixture
def compare(tmp_path: Path, template: Path) -> Compare:
    """Compare the template with a copy that some statements changed, its values computed again."""

    def compared(
        *statements: str, hashes: dict[str, str] | None = None, is_computed: bool = True
    ) -> Comparison:
        changed = tmp_path / "new.duckdb"
        shutil.copy(template, changed)
        with duckdb.connect(str(changed)) as con:
            con.execute("set TimeZone = 'UTC'")
            for statement in statements:
                con.execute(statement)
            if is_computed:
                con.execute(VALUES)
        return compare_publications(
            Side("old", template, CUTOFF, HASHES), Side("new", changed, CUTOFF + 50, hashes or HASHES)
        )

    return compared


def late(key: str = "late", *, log_index: int = CUTOFF, day: str = "2026-04-10") -> str:
    return (
        f"insert into marts.fct_deployments select * replace ('{key}' as deployment_id, "
        f"date '{day}' as deployed_date, [{log_index}::bigint << 23] as record_ids) "
        "from marts.fct_deployments where deployment_id = 'd2'"
    )


def causes(comparison: Comparison) -> set[tuple[str, ...]]:
    return {cell.causes for cell in comparison.cells}


def test_two_equal_publications_differ_in_nothing(compare: Compare) -> None:
    comparison = compare()
    assert (comparison.cells, comparison.facts, comparison.marts) == ((), (), ())
    assert notice_lines(notice_document(comparison)) == [
        f"None of the {comparison.compared:,} values of old was restated."
    ]


def test_late_data_is_named_with_the_very_record_that_came_late(compare: Compare) -> None:
    comparison = compare(late())
    assert causes(comparison) == {("late_data",)}
    (fact,) = comparison.facts
    assert (fact.key, fact.change, fact.late_record_ids) == ("late", "entered", (CUTOFF << 23,))
    month = next(
        cell
        for cell in comparison.cells
        if (cell.metric, cell.scope_kind, cell.period_grain) == ("deployment_frequency", "team", "month")
    )
    assert (month.scope_id, month.period_start, month.change) == ("payments", date(2026, 4, 1), "changed")
    assert month.new_value == (month.old_value or 0) + 1
    assert month.record_ids == (CUTOFF << 23,)
    assert {cell.scope_id for cell in comparison.cells} == {"checkout", "payments", "acme"}


def test_an_earlier_record_that_counts_now_is_no_late_data(compare: Compare) -> None:
    assert causes(compare(late(log_index=CUTOFF - 1))) == {("other",)}


def update(assignment: str, key: str = "d8") -> str:
    return f"update marts.fct_deployments set {assignment} where deployment_id = '{key}'"


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (
            (update(f"is_change_failure = false, record_ids = [{CUTOFF + 1}::bigint << 23]"),),
            "changed_record",
        ),
        (("delete from marts.fct_deployments where deployment_id = 'd8'",), "vanished_record"),
        ((update("service_id = 'search', team_id = 'discovery', team_path = ['discovery']"),), "ownership"),
        ((update("is_change_failure = false, disposition = 'not_caused'"),), "register"),
        ((update("is_change_failure = false"),), "other"),
        (
            (
                "alter table marts.fct_deployments add column is_corrected boolean default false",
                update("is_change_failure = false"),
            ),
            "other",  # a column that only one side has says nothing
        ),
    ],
)
def test_each_cause_is_found_alone(compare: Compare, statements: tuple[str, ...], expected: str) -> None:
    comparison = compare(*statements)
    assert comparison.restated
    assert causes(comparison) == {(expected,)}
    assert {fact.key for cell in comparison.cells for fact in cell.facts} == {"d8"}


def test_a_correction_is_told_from_other_changes(tmp_path: Path, template: Path) -> None:
    databases = [tmp_path / "old.duckdb", tmp_path / "new.duckdb"]
    for path in databases:
        shutil.copy(template, path)
        with duckdb.connect(str(path)) as con:
            con.execute("alter table marts.fct_deployments add column is_corrected boolean default false")
    with duckdb.connect(str(databases[1])) as con:
        con.execute(update("is_change_failure = false, is_corrected = true"))
        con.execute(VALUES)
    old, new = (Side(path.stem, path, CUTOFF, HASHES) for path in databases)
    assert causes(compare_publications(old, new)) == {("correction",)}


def test_a_changed_definition_comes_first_and_names_both_hashes(compare: Compare) -> None:
    hashes = {**HASHES, "change_fail_rate": "d" * 64}
    change = (
        "update marts.mart_metric_values set value = value / 2 "
        "where metric = 'change_fail_rate' and value > 0"
    )
    comparison = compare(change, hashes=hashes, is_computed=False)
    assert {found[0] for found in causes(comparison)} == {"definition"}
    assert comparison.definitions == {"change_fail_rate": ("b" * 64, "d" * 64)}


def test_a_period_that_was_not_over_is_not_restated(compare: Compare) -> None:
    comparison = compare(late(day="2026-05-28"))
    weeks = [cell for cell in comparison.cells if cell.period_grain == "week"]
    assert weeks
    assert all(cell.causes == ("late_data", "in_progress") for cell in weeks)
    assert not [cell for cell in comparison.restated if cell.period_grain == "week"]


def test_a_new_period_is_added_and_restates_nothing(compare: Compare) -> None:
    comparison = compare(late(day="2026-06-20"))
    added = [cell for cell in comparison.cells if cell.change == "added"]
    assert {cell.causes for cell in added} == {("late_data", "new_period")}
    assert not [cell for cell in comparison.restated if cell.period_start >= date(2026, 6, 1)]


def test_a_value_that_nothing_explains_is_called_unexplained(compare: Compare) -> None:
    change = (
        "update marts.mart_metric_values set value = value + 1 where metric = 'deployment_frequency' "
        "and scope_id = 'payments' and period_start = date '2026-04-01' and period_grain = 'month'"
    )
    comparison = compare(change, is_computed=False)
    assert [cell.causes for cell in comparison.cells] == [("unexplained",)]
    assert "no cause was found" in " ".join(notice_lines(notice_document(comparison)))


def test_a_wide_mart_changes_with_the_values_that_it_shows(compare: Compare) -> None:
    comparison = compare(late())
    (mart,) = comparison.marts
    assert (mart.name, mart.changed, mart.added, mart.removed) == ("mart_dora_monthly", 3, 0, 0)
    row = next(row for row in mart.rows if row.key["scope_id"] == "payments")
    assert [name for name, _, _ in row.values] == ["deployment_frequency"]
    assert row.causes == ("late_data",)


def test_the_notice_counts_by_month_and_names_the_largest_change(compare: Compare) -> None:
    document = notice_document(compare(late()))
    assert document["values_restated"] == len(compare(late()).restated)
    assert [month["month"] for month in document["months"]] == ["2026-04"]
    assert document["months"][0]["values_restated"] <= document["months"][0]["values_before"]
    assert document["largest"][0]["period_grain"] == "month"
    old, new = (Decimal(document["largest"][0][name]) for name in ("old_value", "new_value"))
    assert new == old + 1
    assert document["causes"] == {"late_data": document["values_restated"]}


def test_every_published_mart_is_compared_or_holds_no_metric() -> None:
    marts = {
        node["name"]
        for node in compiled_manifest()["nodes"].values()
        if node["resource_type"] == "model" and node["name"].startswith("mart_")
    }
    assert marts - {"mart_metric_values"} == set(KEYS) | set(ABOUT_READING)


def test_the_keys_of_marts_are_columns_of_theirs() -> None:
    nodes = {node["name"]: node for node in compiled_manifest()["nodes"].values()}
    for name, keys in KEYS.items():
        assert set(keys) <= set(nodes[name]["columns"]), name


def test_a_publication_without_its_database_cannot_be_compared(tmp_path: Path) -> None:
    with pytest.raises(ManifestError):
        read_side(tmp_path)
    manifest = {
        "publication_id": "first",
        "content_sha256": "0",
        "files": [],
        "evidence": {"payload_log_size": 3},
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(PublicationInputError, match=r"analyst\.duckdb"):
        read_side(tmp_path)
