"""DORA's Quick Check over measured values, and the nearest published cluster. DEFINITIONS §1."""

from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.compiled import compiled_models
from tests.dbt_project.stories import Row, Story, Told
from tests.dbt_project.test_metric_values import deployed_daily, eventful

HOUR, DAY = 3600, 86400
FOUR = ("deployment_frequency", "change_lead_time", "failed_deployment_recovery_time", "change_fail_rate")


@pytest.fixture(scope="module")
def told() -> Told:
    return eventful().build()


def benchmark(told: Told, **values: Any) -> Row:
    """Compute the benchmarks of one April over given metric values."""
    con = told.con
    con.execute("begin transaction")
    try:
        for schema, name in (("intermediate", "int_dora_answers"), ("marts", "mart_dora_benchmarks")):
            con.execute(f"drop table {schema}.{name}")
        con.execute("delete from marts.mart_metric_values")
        for metric, value in values.items():
            con.execute(
                "insert into marts.mart_metric_values by name select $1 as metric, 'service' as scope_kind, "
                "'checkout' as scope_id, 'month' as period_grain, date '2026-04-01' as period_start, "
                "date '2026-05-01' as period_end, $2::decimal(28, 9) as value, 9 as n, false as is_partial",
                [metric, value],
            )
        for model in compiled_models():
            if model.name in ("int_dora_answers", "mart_dora_benchmarks"):
                con.execute(f"create table {model.schema}.{model.name} as {model.sql}")
        (row,) = con.execute("select * from marts.mart_dora_benchmarks").to_arrow_table().to_pylist()
    finally:
        con.execute("rollback")
    return dict(row)


@pytest.mark.parametrize(
    ("deployments", "answer", "score"),
    [
        (60, "on demand", 10),
        (59, "hour to day", 8),
        (30, "hour to day", 8),
        (29, "day to week", 6),
        (5, "day to week", 6),
        (4, "week to month", 4),
        (1, "week to month", 4),
        (0, None, None),
    ],
)
def test_the_answer_about_frequency_is_the_mean_over_the_days_of_the_period(
    told: Told, deployments: int, answer: str | None, score: int | None
) -> None:
    row = benchmark(told, deployment_frequency=deployments)
    assert (row["deployment_frequency_answer"], row["deployment_frequency_score"]) == (answer, score)


@pytest.mark.parametrize("metric", ["change_lead_time", "failed_deployment_recovery_time"])
@pytest.mark.parametrize(
    ("seconds", "answer", "score"),
    [
        (HOUR - 1, "< 1 hour", 10),
        (HOUR, "< 1 day", 8),
        (DAY, "1 day to 1 week", 6),
        (7 * DAY, "1 week to 1 month", 4),
        (31 * DAY, "1 to 6 months", 2),
        (183 * DAY, "> 6 months", 0),
    ],
)
def test_the_answer_about_a_duration_is_the_step_that_its_median_lies_in(
    told: Told, metric: str, seconds: int, answer: str, score: int
) -> None:
    row = benchmark(told, **{metric: seconds})
    assert (row[f"{metric}_answer"], row[f"{metric}_score"]) == (answer, score)


@pytest.mark.parametrize(
    ("ratio", "answer", "score"),
    [("0", "0 %", 10), ("0.5", "50 %", 5), ("1", "100 %", 0), ("0.19", "19 %", 8.1), ("0.125", "13 %", 8.75)],
)
def test_a_percentage_maps_0_to_10_50_to_5_and_100_to_0(
    told: Told, ratio: str, answer: str, score: float
) -> None:
    row = benchmark(told, change_fail_rate=Decimal(ratio), deployment_rework_rate=Decimal(ratio))
    for metric in ("change_fail_rate", "deployment_rework_rate"):
        assert (row[f"{metric}_answer"], row[f"{metric}_score"]) == (answer, Decimal(str(score)))


def test_missing_answers_are_left_out_of_a_mean(told: Told) -> None:
    row = benchmark(told, change_lead_time=HOUR, change_fail_rate=Decimal("0.1"))
    assert (row["throughput_score"], row["instability_score"], row["overall_score"]) == (8, 9, Decimal("8.5"))


@pytest.mark.parametrize(
    ("values", "clusters"),
    [
        ((60, HOUR - 1, HOUR - 1, "0.05"), ("elite", "high", "elite", "elite")),
        ((10, 2 * DAY, HOUR, "0.2"), ("high", "high", "high", "high")),
        ((2, 10 * DAY, 2 * HOUR, "0.1"), ("high", "medium", "high", "medium")),
        ((1, 40 * DAY, 10 * DAY, "0.4"), ("medium", "low", "low", "low")),
    ],
)
def test_the_nearest_cluster_is_that_of_the_least_mean_distance(
    told: Told, values: tuple[Any, ...], clusters: tuple[str, ...]
) -> None:
    row = benchmark(told, **dict(zip(FOUR, values, strict=True)))
    assert tuple(row[f"nearest_cluster_{year}"] for year in (2021, 2022, 2023, 2024)) == clusters


def test_the_distance_is_the_mean_of_how_far_scores_lie_outside_the_ranges(told: Told) -> None:
    row = benchmark(told, **dict(zip(FOUR, (60, HOUR - 1, HOUR - 1, "0.05"), strict=True)))
    assert row["nearest_cluster_2021_distance"] == 0
    assert row["nearest_cluster_2022_distance"] == 1  # a lead time four points above 1 day to 1 week: 4 / 4
    assert row["cluster_metric_count"] == 4


def test_in_2024_a_higher_fail_rate_can_lie_in_the_higher_cluster(told: Told) -> None:
    rows = told.rows(
        "select cluster, lowest_score from marts.dim_dora_clusters "
        "where year = 2024 and metric = 'change_fail_rate'"
    )
    assert {row["cluster"]: row["lowest_score"] for row in rows} == {
        "elite": Decimal("9.5"),
        "high": 8,
        "medium": 9,
        "low": 6,
    }


def test_below_three_metrics_no_cluster_is_named(told: Told) -> None:
    row = benchmark(told, deployment_frequency=60, change_lead_time=HOUR - 1)
    assert [row[f"nearest_cluster_{year}"] for year in (2021, 2022, 2023, 2024)] == [None] * 4
    three = benchmark(told, deployment_frequency=60, change_lead_time=HOUR - 1, change_fail_rate="0.05")
    assert (three["nearest_cluster_2024"], three["cluster_metric_count"]) == ("elite", 3)


def test_only_whole_months_and_quarters_are_benchmarked() -> None:
    cut = deployed_daily(3, story=Story(coverage=("2026-04-10 00:00", "2026-05-20 12:00"))).build()
    assert cut.rows("select * from marts.mart_dora_benchmarks") == []
    whole = deployed_daily(3).build().rows("select distinct period_grain from marts.mart_dora_benchmarks")
    assert {row["period_grain"] for row in whole} == {"month", "quarter"}


def test_the_published_figures_are_data(told: Told) -> None:
    rows = told.rows("select * from marts.dim_dora_clusters")
    assert len(rows) == 15 * 4
    names = {
        year: {row["cluster"] for row in rows if row["year"] == year} for year in (2021, 2022, 2023, 2024)
    }
    assert names[2022] == {"high", "medium", "low"}  # no elite that year
    assert all(len(names[year]) == 4 for year in (2021, 2023, 2024))
