"""A metric that has retired has no values of later periods, by the reported range and never by a clock."""

from datetime import date

import pytest

from tests.dbt_project.compiled import compiled_models
from tests.dbt_project.stories import Story, Told
from tests.dbt_project.test_metric_values import eventful

RETIRED = "2026-05-11"  # a Monday, with a week before it and weeks after it
COUNT, RATIO = "deployment_frequency", "change_fail_rate"
PLAIN = "select metric, scope_id, period_grain, period_start, value, n from marts.mart_metric_values"


def retiring(*metrics: str, on: str = RETIRED, story: Story | None = None) -> Told:
    """The eventful organisation, with an end of some metrics in their definitions."""
    told = eventful(story).build()
    assert told.on_demand is not None
    (sql,) = (model.sql for model in compiled_models() if model.name == "dim_metrics")
    for metric in metrics:
        before, name, rest = sql.partition(f"'{metric}' as metric,")
        assert "cast(null as date) as retire_on" in rest
        sql = before + name + rest.replace("cast(null as date) as retire_on", f"date '{on}' as retire_on", 1)
    told.on_demand.need("select 1 from intermediate.int_reporting")
    told.warehouse.execute(f"create table marts.dim_metrics as {sql}")
    told.on_demand.made.add("dim_metrics")
    return told


@pytest.fixture(scope="module")
def whole() -> Told:
    return eventful().build()


@pytest.fixture(scope="module")
def ended() -> Told:
    return retiring(COUNT, RATIO, "deployment_days", "throughput", "incidents_detected")


def test_periods_that_begin_on_that_day_or_later_have_no_cell_and_earlier_ones_stay(
    ended: Told, whole: Told
) -> None:
    query = f"{PLAIN} where metric in ('{COUNT}', '{RATIO}')"
    rows = whole.rows(f"{query} and period_start < '{RETIRED}' order by all")
    assert len(rows) > 30
    assert ended.rows(f"{query} order by all") == rows
    assert whole.rows(f"{query} and period_start = '{RETIRED}'")


def test_every_other_metric_keeps_every_cell(ended: Told, whole: Told) -> None:
    others = f"{PLAIN} where metric in ('deployment_rework_rate', 'changes_deployed') order by all"
    assert ended.rows(others) == whole.rows(others)


def test_a_wide_mart_has_nothing_of_it_from_then_on_and_never_zero(ended: Told, whole: Told) -> None:
    columns = "deployment_frequency, deployment_frequency_n, deployment_frequency_interval_high, "
    columns += "change_fail_rate, change_fail_rate_n, deployment_days, deployment_days_per_week"
    query = f"select period_start, {columns} from marts.mart_dora_weekly where scope_kind = 'organisation'"
    rows = ended.rows(f"{query} order by 1")
    kept = [row for row in rows if row["period_start"] < date.fromisoformat(RETIRED)]
    assert kept == whole.rows(f"{query} and period_start < '{RETIRED}' order by 1")
    later = rows[len(kept) :]
    assert len(later) > 3
    assert {name for row in later for name, value in row.items() if value is not None} == {"period_start"}


@pytest.mark.parametrize(
    ("mart", "column"),
    [("mart_flow_weekly", "throughput"), ("mart_incident_response", "incidents_detected")],
)
def test_the_flow_of_work_and_incidents_end_with_their_metric(
    mart: str, column: str, ended: Told, whole: Told
) -> None:
    query = f"select scope_id, period_start, {column} from marts.{mart} where "
    before, after = f"period_start < '{RETIRED}' order by all", f"period_start >= '{RETIRED}' order by all"
    assert ended.rows(query + before) == whole.rows(query + before)
    assert any(row[column] is not None for row in whole.rows(query + before))
    assert {row[column] for row in ended.rows(query + after)} <= {None}
    assert len(ended.rows(query + after)) == len(whole.rows(query + after))


def test_a_profile_is_compared_with_nothing_once_the_metric_has_retired(ended: Told) -> None:
    rows = ended.rows(
        "select dora_2026_value, dora_2026_n from marts.mart_profile_comparison "
        f"where dora_2026_metric = '{RATIO}' and period_start >= '{RETIRED}'"
    )
    assert rows
    assert {row["dora_2026_value"] for row in rows} == {None}


@pytest.mark.parametrize(
    ("on", "is_retired"), [("2026-06-30", True), ("2026-07-01", False)], ids=["last day", "day after"]
)
def test_the_catalogue_says_so_by_the_last_day_that_is_reported(on: str, *, is_retired: bool) -> None:
    rows = retiring(COUNT, on=on).rows(
        f"select metric, is_retired from marts.dim_metrics where is_retired or metric = '{COUNT}'"
    )
    assert [tuple(row.values()) for row in rows] == [(COUNT, is_retired)]


def test_the_last_reported_day_is_that_of_the_reporting_time_zone() -> None:
    story = Story(time_zone="Asia/Tokyo", coverage=("2026-01-01 00:00", "2026-06-30 16:00"))
    rows = retiring(COUNT, on="2026-07-01", story=story).rows(
        f"select is_retired from marts.dim_metrics where metric = '{COUNT}'"
    )
    assert rows == [{"is_retired": True}]
