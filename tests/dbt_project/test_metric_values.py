"""Values of metrics: periods, zero and empty, intervals, exactness, and the inverse query of every cell."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from orchestration.steps.intervals import median_ranks, poisson_bounds
from tests.dbt_project.stories import Row, Story, Told

CHECKOUT = "service:checkout"


def deployed_daily(days: int, *, story: Story | None = None, start_day: int = 1) -> Story:
    """A service that deploys one commit a day, the commit of day d being d hours old."""
    story = story or Story()
    story.service("checkout")
    story.commit("base", when="04-20 10:00")
    story.deployment(1, "base", start="04-21 10:00")
    after = "base"
    for day in range(start_day, start_day + days):
        story.commit(f"c{day}", when=f"05-{day:02} {12 - day % 12:02}:00", after=[after])
        story.deployment(100 + day, f"c{day}", start=f"05-{day:02} 13:00")
        after = f"c{day}"
    return story


def test_2_1_several_deployments_a_day_are_several_and_one_deployment_day() -> None:
    story = deployed_daily(2)
    story.deployment(200, "c1", start="05-02 20:00")
    told = story.build()
    assert told.value("deployment_frequency", CHECKOUT, "2026-05-01")["value"] == 3
    assert told.value("deployment_days", CHECKOUT, "2026-05-01")["value"] == 2


def test_2_2_periods_that_the_covered_range_cuts_are_partial() -> None:
    told = deployed_daily(3, story=Story(coverage=("2026-04-10 00:00", "2026-05-20 12:00"))).build()
    partial = {
        month: told.value("deployment_frequency", CHECKOUT, month)["is_partial"]
        for month in ("2026-04-01", "2026-05-01")
    }
    assert partial == {"2026-04-01": True, "2026-05-01": True}
    weeks = told.rows(
        "select period_start, is_partial, flags from marts.mart_metric_values "
        "where metric = 'deployment_frequency' and scope_kind = 'service' and period_grain = 'week' "
        "order by 1"
    )
    assert [row["is_partial"] for row in weeks] == [False, False, False, False, True]
    assert weeks[-1]["flags"] == ["partial"]


def test_2_3_the_median_is_interpolated_between_its_two_neighbours() -> None:
    value = deployed_daily(4).build().value("change_lead_time", CHECKOUT, "2026-05-01")
    assert value["value"] == Decimal("12600.000000000")  # half way between 3 h and 4 h: 2, 3, 4, 5 hours
    assert value["n"] == 4


@pytest.mark.parametrize(
    ("metric", "place"), [("change_lead_time_p75", (3, 4)), ("change_lead_time_p90", (9, 10))]
)
def test_quantiles_are_exact_to_the_last_digit(metric: str, place: tuple[int, int]) -> None:
    told = deployed_daily(7).build()
    durations = sorted(
        row["lead_time_seconds"] for row in told.changes().values() if row["lead_time_seconds"]
    )
    position = Fraction(*place) * (len(durations) - 1)
    below = int(position)
    expected = durations[below] + (position - below) * (durations[below + 1] - durations[below])
    value = told.value(metric, CHECKOUT, "2026-05-01")["value"]
    assert Fraction(value) == expected


def test_2_4_a_period_without_deployment_is_a_zero_for_counts_and_empty_for_the_rest() -> None:
    told = deployed_daily(2).build()
    june = {
        metric: told.value(metric, CHECKOUT, "2026-06-01")
        for metric in (
            "deployment_frequency",
            "deployment_days",
            "change_lead_time",
            "change_fail_rate",
            "failed_deployment_recovery_time",
            "deployment_rework_rate",
        )
    }
    assert {metric: (row["value"], row["n"]) for metric, row in june.items()} == {
        "deployment_frequency": (0, 0),
        "deployment_days": (0, 0),
        "change_lead_time": (None, 0),
        "change_fail_rate": (None, 0),
        "failed_deployment_recovery_time": (None, 0),
        "deployment_rework_rate": (None, 0),
    }


def test_a_scope_has_every_period_from_its_first_deployment_to_the_end_of_the_range() -> None:
    rows = (
        deployed_daily(2)
        .build()
        .rows(
            "select period_start from marts.mart_metric_values where metric = 'change_lead_time' "
            "and scope_kind = 'organisation' and period_grain = 'month' order by 1"
        )
    )
    assert [row["period_start"] for row in rows] == [date(2026, month, 1) for month in (4, 5, 6)]


def test_without_a_configured_range_the_deployments_decide_what_is_covered() -> None:
    told = deployed_daily(3, story=Story(coverage=(None, None))).build()
    rows = told.rows(
        "select period_start, is_partial from marts.mart_metric_values "
        "where metric = 'deployment_frequency' and scope_kind = 'service' and period_grain = 'month' "
        "order by period_start"
    )
    assert [tuple(row.values()) for row in rows] == [(date(2026, 4, 1), True), (date(2026, 5, 1), True)]


def test_2_8_an_event_counts_in_the_period_of_its_own_time_half_open() -> None:
    story = deployed_daily(1)
    story.deployment(200, "base", start="05-31 23:59", end="06-01 00:00")
    told = story.build()
    assert told.value("deployment_frequency", CHECKOUT, "2026-05-01")["value"] == 1
    assert told.value("deployment_frequency", CHECKOUT, "2026-06-01")["value"] == 1


def test_2_8_a_recovery_counts_when_service_was_restored() -> None:
    story = deployed_daily(31)
    story.incident(
        1, of="checkout", when="05-31 14:00", closed="06-01 02:00", referenced_deployment_ids=["131"]
    )
    told = story.build()
    assert told.value("failed_deployment_recovery_time", CHECKOUT, "2026-05-01")["n"] == 0
    june = told.value("failed_deployment_recovery_time", CHECKOUT, "2026-06-01")
    assert (june["n"], june["value"]) == (1, 12 * 3600)
    assert told.value("change_fail_rate", CHECKOUT, "2026-05-01")["numerator"] == 1


def test_2_15_days_weeks_and_months_are_those_of_the_reporting_time_zone() -> None:
    story = deployed_daily(1, story=Story(time_zone="Europe/Berlin"))
    story.deployment(200, "base", start="05-31 22:30")
    told = story.build()
    assert told.deployments()[200]["deployed_date"] == date(2026, 6, 1)
    assert told.value("deployment_frequency", CHECKOUT, "2026-06-01")["value"] == 1
    assert told.value("deployment_frequency", CHECKOUT, "2026-06-01", grain="week")["value"] == 1


def test_2_15_weeks_are_iso_weeks_from_monday() -> None:
    told = deployed_daily(4).build()  # Friday 1 May to Monday 4 May
    weeks = {
        day: told.value("deployment_frequency", CHECKOUT, day, grain="week")["value"]
        for day in ("2026-04-27", "2026-05-04")
    }
    assert weeks == {"2026-04-27": 3, "2026-05-04": 1}


def test_2_15_the_newest_fail_rate_matures_until_the_link_window_has_passed() -> None:
    for until, is_maturing in (("2026-06-01 23:00", True), ("2026-06-02 00:00", False)):
        told = deployed_daily(3, story=Story(coverage=("2026-04-01 00:00", until))).build()
        value = told.value("change_fail_rate", CHECKOUT, "2026-05-01")
        assert (value["is_partial"], value["is_maturing"]) == (False, is_maturing)
        assert ("maturing" in value["flags"]) == is_maturing
        assert not told.value("deployment_frequency", CHECKOUT, "2026-05-01")["is_maturing"]


def test_a_value_on_fewer_facts_than_the_metric_asks_for_is_flagged() -> None:
    told = deployed_daily(4).build()
    assert told.value("change_lead_time", CHECKOUT, "2026-05-01")["flags"] == ["below_minimum_n"]
    assert "below_minimum_n" not in told.value("deployment_frequency", CHECKOUT, "2026-05-01")["flags"]


def test_ratios_are_rounded_half_up_at_nine_digits() -> None:
    story = deployed_daily(3)
    story.incident(1, of="checkout", when="05-02 14:00", referenced_deployment_ids=["101", "102"])
    value = story.build().value("change_fail_rate", CHECKOUT, "2026-05-01")
    assert (value["numerator"], value["denominator"], value["value"]) == (2, 3, Decimal("0.666666667"))


def test_ratios_carry_a_wilson_interval() -> None:
    story = deployed_daily(10)
    story.incident(1, of="checkout", when="05-02 14:00", referenced_deployment_ids=["102"])
    value = story.build().value("change_fail_rate", CHECKOUT, "2026-05-01")
    assert float(value["interval_low"]) == pytest.approx(0.01787621, abs=1e-7)
    assert float(value["interval_high"]) == pytest.approx(0.40415003, abs=1e-7)


def test_counts_carry_exact_poisson_bounds() -> None:
    told = deployed_daily(10).build()
    value = told.value("deployment_frequency", CHECKOUT, "2026-05-01")
    exact = poisson_bounds(10).to_pylist()[10]
    assert (float(value["interval_low"]), float(value["interval_high"])) == pytest.approx(
        (exact["lower"], exact["upper"]), abs=1e-8
    )
    empty = told.value("deployment_frequency", CHECKOUT, "2026-06-01")
    assert (float(empty["interval_low"]), float(empty["interval_high"])) == pytest.approx(
        (0, 3.688879), abs=1e-6
    )


def test_medians_carry_the_order_statistics_that_enclose_them() -> None:
    told = deployed_daily(9).build()
    durations = sorted(
        row["lead_time_seconds"] for row in told.changes().values() if row["lead_time_seconds"]
    )
    value = told.value("change_lead_time", CHECKOUT, "2026-05-01")
    assert (value["interval_low"], value["interval_high"]) == (durations[1], durations[7])


def test_a_median_of_few_values_has_no_interval() -> None:
    value = deployed_daily(5).build().value("change_lead_time", CHECKOUT, "2026-05-01")
    assert (value["interval_low"], value["interval_high"]) == (None, None)


def test_beyond_the_exact_tables_the_intervals_go_on_smoothly() -> None:
    """The tables of a story end at 40."""
    story = Story()
    story.service("checkout")
    story.history([f"c{number}" for number in range(62)], start="04-20 00:00")
    story.deployment(1, "c0", start="04-21 10:00")
    for number in range(1, 62):
        hour, day = 10 + number % 2 * 10, 1 + number // 2
        story.deployment(100 + number, f"c{number}", start=f"05-{day:02} {hour}:00")
    told = story.build()
    count = told.value("deployment_frequency", CHECKOUT, "2026-05-01")
    exact = poisson_bounds(61).to_pylist()[61]
    assert count["value"] == 61
    assert float(count["interval_low"]) == pytest.approx(exact["lower"], rel=1e-3)
    assert float(count["interval_high"]) == pytest.approx(exact["upper"], rel=1e-3)
    durations = sorted(
        row["lead_time_seconds"] for row in told.changes().values() if row["lead_time_seconds"]
    )
    median = told.value("change_lead_time", CHECKOUT, "2026-05-01")
    ranks = median_ranks(61).to_pylist()[60]
    assert median["interval_low"] in durations[ranks["lower_rank"] - 2 : ranks["lower_rank"] + 1]
    assert median["interval_high"] in durations[ranks["upper_rank"] - 2 : ranks["upper_rank"] + 1]


def test_every_value_can_be_computed_again_from_the_facts_that_its_definition_selects() -> None:
    told = eventful(Story(time_zone="Europe/Berlin")).build()
    metrics = told.all("marts.dim_metrics", "metric")
    cells = told.rows("select * from marts.mart_metric_values")
    assert len(cells) > 500
    for cell in cells:
        again = _traced(told, metrics[cell["metric"]], cell)
        assert again["value"] == cell["value"], cell
        assert again["n"] == cell["n"], cell
        for part in ("numerator", "denominator"):
            if metrics[cell["metric"]][f"{part}_sql"] is not None:
                assert again[part] == cell[part], cell


def test_the_wide_marts_show_the_same_values() -> None:
    told = eventful().build()
    for grain, table in (("week", "mart_dora_weekly"), ("month", "mart_dora_monthly")):
        for row in told.rows(f"select * from marts.{table}"):
            scope = f"{row['scope_kind']}:{row['scope_id']}"
            for metric in (
                "deployment_frequency",
                "change_lead_time",
                "change_fail_rate",
                "failed_deployment_recovery_time",
                "deployment_rework_rate",
            ):
                cell = told.value(metric, scope, str(row["period_start"]), grain)
                shown = (row[metric], row[f"{metric}_n"], row[f"{metric}_interval_high"])
                assert shown == (cell["value"], cell["n"], cell["interval_high"])


def eventful(story: Story | None = None) -> Story:
    """Two services of two teams with failures, waiting changes and quiet weeks."""
    story = deployed_daily(9, story=story)
    story.team("payments", parent="commerce")
    story.team("discovery", parent="commerce")
    story.team("commerce")
    story.owner("checkout", "payments", until="05-05 00:00")
    story.owner("checkout", "discovery", since="05-05 00:00")
    story.service("search")
    story.owner("search", "discovery")
    story.history("uvwxyz", on="acme/search", start="04-28 10:00", hours=30)
    for number, name in enumerate("uvwx", start=1):
        story.deployment(300 + number, name, on="acme/search", start=f"05-{2 * number + 2:02} 10:00")
    story.deployment(310, "v", on="acme/search", start="05-12 10:00")
    story.incident(
        1, of="checkout", when="05-03 14:00", closed="05-03 18:00", referenced_deployment_ids=["103"]
    )
    story.incident(2, of="checkout", when="05-06 14:00", closed="06-02 18:00")
    story.incident(3, of="search", when="05-06 14:00")
    own = [("own", "05-10 08:00")]
    story.pull_request(7, opened="05-10 10:00", commits=own, merged="05-10 16:00", result="squashed")
    story.commit("squashed", when="05-10 16:00", after=["c9"])
    story.deployment(120, "squashed", start="05-11 13:00")
    return story


def _traced(told: Told, metric: Row, cell: Row) -> dict[str, Any]:
    """Apply a metric's definition to the facts of one cell, as a trace does."""
    day = metric["event_at_column"]
    wanted = {name: metric[f"{name}_sql"] or "null" for name in ("value", "numerator", "denominator", "n")}
    (row,) = (
        told.con.execute(
            f"select {', '.join(f'{sql} as {name}' for name, sql in wanted.items())} "
            f"from {metric['fact_relation']} where {metric['filter_sql']} "
            f"and {day} >= $period_start and {day} < $period_end "
            f"and {metric[cell['scope_kind'] + '_scope_sql']}",
            {name: cell[name] for name in ("period_start", "period_end", "scope_id")},
        )
        .to_arrow_table()
        .to_pylist()
    )
    return dict(row)
