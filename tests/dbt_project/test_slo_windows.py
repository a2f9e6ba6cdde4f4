"""Windows of service levels: the three ways to count a budget, what is met, and whose it is."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from orchestration.slos.definitions import BudgetingMethod, Duration, Window
from tests.dbt_project.slo_stories import (
    DAY,
    HOUR,
    MINUTE,
    START,
    SloStory,
    models_of_objectives,
    objective,
    window,
)
from tests.dbt_project.stories import Told, at

TWO_WEEKS = 14 * DAY // MINUTE
FORTNIGHT = Window(Duration(2, "w"))
END_OF_FORTNIGHT = "03-16 00:00"


def attacked(method: BudgetingMethod, minutes: int) -> dict[str, Any]:
    """OpenSLO's service: 99 % good, but 1 % in the last minutes of two weeks; objective 95 %."""
    one = objective(
        "bad",
        "total",
        method=method,
        target=Decimal("0.95"),
        slice_target=Decimal("0.95"),
        window=FORTNIGHT,
    )
    story = SloStory([one])
    story.counter("total", [100] * TWO_WEEKS)
    story.counter("bad", [1] * (TWO_WEEKS - minutes) + [99] * minutes)
    return window(story.build(), "rolling", END_OF_FORTNIGHT)


def test_published_by_timeslices_the_budget_lasts_16_hours_and_48_minutes() -> None:
    lasts = attacked("timeslices", 16 * 60 + 48)
    assert (lasts["slice_count"], lasts["budget_units"], lasts["spent_units"]) == (20_160, 1_008, 1_008)
    assert (lasts["is_met"], lasts["budget_left_units"], lasts["burn_rate"]) == (True, 0, 1)
    assert lasts["attainment_ratio"] == Decimal("0.95")
    over = attacked("timeslices", 16 * 60 + 49)
    assert (over["is_met"], over["budget_left_units"]) == (False, -1)


def test_published_by_ratio_timeslices_the_budget_ends_in_minute_823() -> None:
    assert -(-4 * 20_160 // 98) == 823
    assert attacked("ratio_timeslices", 822)["is_met"] is True
    over = attacked("ratio_timeslices", 823)
    assert over["is_met"] is False
    assert over["spent_units"] == Decimal("0.99") * 823 + Decimal("0.01") * (20_160 - 823)


@pytest.mark.parametrize(("failed", "is_met"), [(16_800, True), (16_801, False)])
def test_published_by_occurrences_some_16_600_failed_requests_end_the_budget(
    failed: int,
    is_met: bool,
) -> None:
    """24,000 requests a day: 5 % of 336,000 may fail; OpenSLO takes 5 % of the 332,640 good ones."""
    story = SloStory([objective("bad", "total", target=Decimal("0.95"), window=FORTNIGHT)])
    in_the_attack = 20_000  # which takes one minute
    usual = (336_000 - in_the_attack) // 100
    requests = [100] * usual + [0] * (TWO_WEEKS - usual - 1) + [in_the_attack]
    failures = [0] * (TWO_WEEKS - 1) + [failed]
    story.counter("total", requests)
    story.counter("bad", failures)
    row = window(story.build(), "rolling", END_OF_FORTNIGHT)
    assert (row["total_count"], row["budget_units"], row["is_met"]) == (336_000, 16_800, is_met)
    assert abs(row["budget_units"] - 16_632) / row["budget_units"] <= Decimal("0.01")


def test_published_ten_requests_an_hour_make_one_failure_13_9_percent_of_the_budget() -> None:
    story = SloStory([objective("bad", "total", slice_seconds=HOUR)])
    hours = 30 * 24
    failures = [0] * hours
    failures[200] = 1
    story.counter("total", [10] * hours, step=HOUR)
    story.counter("bad", failures, step=HOUR)
    told = story.build()
    row = window(told, "rolling", "04-01 00:00")
    assert row["total_count"] == 7_200
    assert round(row["one_failure_budget_ratio"] * 100, 1) == Decimal("13.9")
    assert round(row["budget_spent_ratio"] * 100, 1) == Decimal("13.9")
    assert row["is_low_traffic"]
    (fired,) = told.rows(
        "select long_burn_rate from intermediate.int_slo_alert_slices where rule_name = 'fast'"
    )
    assert fired["long_burn_rate"] == 100


def fired(failures: Sequence[int]) -> list[tuple[Any, ...]]:
    """Alerts about ten thousand requests a minute: two good hours, then these failures, then a good one."""
    padded = [0] * 120 + list(failures) + [0] * 60
    story = SloStory([objective("bad", "total")])
    story.counter("total", [10_000] * len(padded))
    story.counter("bad", padded)
    query = (
        "select rule_name, date_diff('minute', $1::timestamptz, started_at) - 120 as minute, "
        "date_diff('minute', started_at, ended_at) as minutes, highest_burn_rate, severity "
        "from marts.fct_slo_alerts order by 1, 2"
    )
    return [tuple(row.values()) for row in story.build().rows(query, START)]


def test_the_fast_alert_fires_when_an_hour_has_burned_2_percent_and_ends_with_its_short_window() -> None:
    alerts = [row for row in fired([144] * 60) if row[0] == "fast"]
    assert alerts == [("fast", 60, 1, Decimal("14.4"), "page")]
    assert [row for row in fired([143] * 60) if row[0] == "fast"] == []


def test_a_short_peak_is_over_when_the_short_window_is() -> None:
    (alert,) = [row for row in fired([10_000]) if row[0] == "fast"]
    assert alert == (
        "fast",
        1,
        5,
        Decimal("16.666666667"),
        "page",
    )


def test_an_alert_that_fires_at_the_end_is_open_and_belongs_to_the_owner_of_its_start() -> None:
    story = SloStory([objective("bad", "total")])
    story.owner(["basket", "commerce"], until="03-02 02:00")
    story.owner(["payments"], since="03-02 02:00")
    story.counter("total", [100] * 180)
    story.counter("bad", [0] * 100 + [50] * 80)
    rows = story.build().rows("select * from marts.fct_slo_alerts where rule_name = 'fast'")
    assert [(row["is_open"], row["ended_at"], row["team_path"]) for row in rows] == [
        (True, None, ["basket", "commerce"])
    ]
    assert rows[0]["record_ids"] == [1, 2]


@pytest.mark.parametrize(
    ("policy", "method", "counted", "spent"),
    [
        ("exclude", "timeslices", 2, 1),
        ("good", "timeslices", 4, 1),
        ("bad", "timeslices", 4, 3),
        ("bad", "ratio_timeslices", 4, Decimal("2.1")),
        ("good", "ratio_timeslices", 4, Decimal("0.1")),
        ("bad", "occurrences", 20, 1),
    ],
)
def test_empty_slices_count_what_the_policy_says(
    policy: Any, method: BudgetingMethod, counted: int, spent: Decimal
) -> None:
    given = {"no_traffic": policy, "gaps": policy, "slice_target": Decimal("0.95"), "method": method}
    story = SloStory([objective("bad", "total", **given)])
    story.series("total", [0, 10, 10, None, 20])
    story.series("bad", [0, 1, 1, None, 1])
    (row,) = story.build().rows("select * from marts.fct_slo_windows where window_kind = 'month'")
    assert (row["counted_units"], row["spent_units"]) == (counted, spent)
    assert (row["slice_count"], row["gap_slice_count"], row["no_traffic_slice_count"]) == (4, 1, 1)
    assert row["gap_ratio"] == Decimal("0.25")


def test_a_slice_on_its_target_is_good() -> None:
    story = SloStory([objective("bad", "total", method="timeslices", slice_target=Decimal("0.9"))])
    story.counter("total", [10, 10])
    story.counter("bad", [1, 2])
    (row,) = story.build().rows("select * from marts.fct_slo_windows where window_kind = 'month'")
    assert (row["counted_units"], row["spent_units"], row["attainment_ratio"]) == (2, 1, Decimal("0.5"))


def test_a_window_without_anything_that_counts_has_no_attainment_and_is_neither_met_nor_missed() -> None:
    story = SloStory([objective("bad", "total")])
    story.counter("total", [0] * 10)
    story.counter("bad", [0] * 10)
    (row,) = story.build().rows("select * from marts.fct_slo_windows")
    assert (row["attainment_ratio"], row["is_met"], row["burn_rate"]) == (None, None, None)
    assert (row["no_traffic_ratio"], row["one_failure_budget_ratio"]) == (1, None)


def hourly(days: int, **given: Any) -> SloStory:
    """One request an hour, and in the first hour of each day it fails."""
    story = SloStory([objective("bad", "total", slice_seconds=HOUR, **given)])
    story.counter("total", [1] * 24 * days, step=HOUR)
    story.counter("bad", ([1] + [0] * 23) * days, step=HOUR)
    return story


def test_a_rolling_window_stands_as_of_the_end_of_each_day() -> None:
    rows = (
        hourly(4, window=Window(Duration(36, "h")))
        .build()
        .rows("select * from marts.fct_slo_windows where window_kind = 'rolling'")
    )
    assert [(row["window_end_date"], row["total_count"], row["is_partial"]) for row in rows] == [
        (date(2026, 3, 2), 24, True),
        (date(2026, 3, 3), 36, False),
        (date(2026, 3, 4), 36, False),
        (date(2026, 3, 5), 36, False),
    ]
    assert [row["spent_units"] for row in rows] == [1, 1, 1, 1]


def test_days_end_where_the_reporting_time_zone_ends_them() -> None:
    story = hourly(3, window=Window(Duration(1, "d")))
    story.time_zone = "America/New_York"
    rows = story.build().rows("select * from marts.fct_slo_windows where window_kind = 'rolling'")
    assert [row["window_ends_at"] for row in rows] == [
        at("03-02 05:00"),
        at("03-03 05:00"),
        at("03-04 05:00"),
    ]
    assert rows[-1]["window_end_date"] == date(2026, 3, 3)


def test_calendar_windows_follow_their_zone_through_the_change_of_the_clocks() -> None:
    story = hourly(
        35, window=Window(Duration(1, "w"), at("2026-03-02 00:00").replace(tzinfo=None), "Europe/Berlin")
    )
    rows = story.build().rows("select * from marts.fct_slo_windows where window_kind = 'calendar'")
    assert [(row["window_starts_at"], row["slice_count"]) for row in rows] == [
        (at("03-01 23:00"), 167),  # the first hour was not measured
        (at("03-08 23:00"), 168),
        (at("03-15 23:00"), 168),
        (at("03-22 23:00"), 167),  # the clocks go forward
        (at("03-29 22:00"), 168),
        (at("04-05 22:00"), 2),
    ]
    assert [row["is_partial"] for row in rows] == [True, False, False, False, False, True]


def test_windows_of_months_that_begin_on_a_31st_do_not_drift() -> None:
    starts = at("2025-12-31 00:00").replace(tzinfo=None)
    rows = (
        hourly(60, window=Window(Duration(1, "M"), starts))
        .build()
        .rows("select window_starts_at from marts.fct_slo_windows where window_kind = 'calendar'")
    )
    assert [row["window_starts_at"] for row in rows] == [
        at("02-28 00:00"),
        at("03-31 00:00"),
        at("04-30 00:00"),
    ]


def test_by_slices_the_budget_of_a_month_that_is_not_over_is_that_of_the_whole_month() -> None:
    given = {"method": "timeslices", "slice_target": Decimal("0.5"), "target": Decimal("0.99")}
    calendar = Window(Duration(1, "M"), at("2026-01-01 00:00").replace(tzinfo=None))
    row = window(hourly(4, window=calendar, **given).build(), "calendar", "04-01 00:00")
    assert (row["slice_count"], row["spent_units"], row["is_partial"]) == (96, 4, True)
    assert row["budget_units"] == (30 * 24) * Decimal("0.01")  # without the day before the first measurement
    assert (row["is_met"], row["attainment_ratio"]) == (False, Decimal("0.958333333"))
    assert row["budget_left_units"] == Decimal("3.2")


def test_a_month_is_split_between_teams_when_the_service_changes_hands() -> None:
    story = hourly(30)
    story.owner(["basket", "commerce"], until="03-12 06:00")
    story.owner(["payments", "commerce"], since="03-12 06:00", until="03-22 00:00")
    story.owner(["basket", "commerce"], since="03-22 00:00")
    told = story.build()
    rows = told.rows(
        "select scope_kind, scope_id, total_count, spent_units from marts.mart_slo_attainment "
        "where window_kind = 'month' and window_start_date = '2026-03-01' order by 1, 2"
    )
    assert [tuple(row.values()) for row in rows] == [
        ("service", "checkout", 720, 30),
        ("team", "basket", 246 + 240, 11 + 10),
        ("team", "commerce", 720, 30),
        ("team", "payments", 234, 9),
    ]
    facts = told.rows(
        "select team_id from marts.fct_slo_windows where window_kind = 'month' order by window_ends_at"
    )
    assert [row["team_id"] for row in facts] == ["basket"]
    rolling = told.rows(
        "select distinct scope_id from marts.mart_slo_attainment where window_kind = 'rolling' "
        "and window_end_date = '2026-03-15' and scope_kind = 'team' order by 1"
    )
    assert [row["scope_id"] for row in rolling] == ["commerce", "payments"]


def test_a_small_team_shows_no_number_of_a_window_that_touches_its_quarter() -> None:
    story = hourly(30)
    story.owner(["basket", "commerce"])
    plain = story.build()
    story.withheld = [("basket", "2026-01-01")]
    told = story.build()
    numbers = "attainment_ratio, is_met, total_count, spent_units, slice_count, gap_ratio, is_low_traffic"
    query = f"select {numbers}, withheld_reason from marts.mart_slo_attainment where "
    (month,) = told.rows(
        f"{query} scope_id = 'basket' and window_start_date = '2026-03-01' and window_kind = 'month'"
    )
    assert month == {**dict.fromkeys(numbers.split(", ")), "withheld_reason": "below_team_size"}
    others = f"{query} scope_id <> 'basket' or window_start_date >= '2026-04-01' order by all"
    assert told.rows(others) == plain.rows(others)
    assert len(told.rows(others)) > 20
    touching = f"{query} scope_id = 'basket' and window_start_date < '2026-04-01' and total_count is not null"
    assert (len(plain.rows(touching)) > 5, told.rows(touching)) == (True, [])


def test_a_reorganisation_changes_no_past_window() -> None:
    def past(story: SloStory) -> list[dict[str, Any]]:
        query = "select * from marts.mart_slo_attainment where window_end_date < '2026-03-20' order by all"
        return story.build().rows(query)

    before, after = hourly(25), hourly(25)
    before.owner(["basket"])
    after.owner(["basket"], until="03-20 00:00")
    after.owner(["payments"], since="03-20 00:00")
    assert past(before) == past(after)


def composite(*weights: int | None) -> SloStory:
    parts = [
        objective(
            "bad" if number == 1 else "good",
            "total",
            slo_id="journey",
            objective_id=f"journey/{number}",
            target=Decimal("0.9") if number == 1 else Decimal("0.8"),
            weight=None if weight is None else Decimal(weight),
        )
        for number, weight in enumerate(weights, start=1)
    ]
    story = SloStory(parts)
    story.counter("total", [100] * 1_440)
    story.counter("bad", [5] * 1_440)
    story.counter("good", [75] * 1_440)
    return story


def test_a_composite_weighs_the_attainments_and_objectives_of_its_parts() -> None:
    row = window(composite(3, 1).build(), "month", "04-01 00:00", "journey")
    assert (row["is_composite"], row["budgeting_method"]) == (True, "composite")
    assert row["objective_ratio"] == Decimal("0.875")
    assert row["attainment_ratio"] == Decimal("0.9")
    assert (row["is_met"], row["burn_rate"], row["budget_left_units"]) == (
        True,
        Decimal("0.8"),
        Decimal("0.025"),
    )
    assert row["record_ids"] == [1, 2, 3]
    assert window(composite(1, 3).build(), "month", "04-01 00:00", "journey")["is_met"] is False


def test_several_objectives_without_weights_are_no_composite() -> None:
    told = composite(None, None).build()
    rows = told.rows("select distinct objective_id from marts.fct_slo_windows order by 1")
    assert [row["objective_id"] for row in rows] == ["journey/1", "journey/2"]


def test_a_composite_with_a_silent_part_has_no_attainment() -> None:
    story = composite(1, 1)
    story.samples.pop()
    row = window(story.build(), "month", "04-01 00:00", "journey")
    assert (row["attainment_ratio"], row["is_met"]) == (None, None)


def test_without_objectives_every_table_is_empty() -> None:
    story = SloStory([])
    story.counter("total", [1, 2])
    told = story.build()
    assert [
        model.name
        for model in models_of_objectives()
        if told.rows(f"select 1 from {model.schema}.{model.name}")
    ] == []


@pytest.fixture(scope="module")
def eventful() -> Told:
    return many_things().build()


def many_things() -> SloStory:
    story = composite(2, 1)
    story.objectives = [*story.objectives, objective("bad", "total", method="ratio_timeslices")]
    story.owner(["basket", "commerce"], until="03-02 12:00")
    story.owner(["payments"], since="03-02 12:00")
    return story


def test_one_thread_and_eight_give_the_same_rows_in_the_same_order(eventful: Told) -> None:
    story = many_things()
    story.threads = 8
    again = story.build()
    for model in models_of_objectives():
        query = f"select * from {model.schema}.{model.name}"
        ordered = query if model.schema == "marts" else f"{query} order by all"
        assert again.rows(ordered) == eventful.rows(ordered), model.name


def test_slices_add_up_to_their_windows_and_service_months_to_those_of_teams(eventful: Told) -> None:
    slices = eventful.rows(
        "select objective_id, sum(total_count)::decimal(38,9) as total "
        "from intermediate.int_sli_slices group by 1 order by 1"
    )
    for scope in ("service", "team"):
        months = eventful.rows(
            "select objective_id, sum(total_count)::decimal(38,9) as total from marts.mart_slo_attainment "
            "where window_kind = 'month' and scope_kind = $1 and scope_id <> 'commerce' and not is_composite "
            "group by 1 order by 1",
            scope,
        )
        assert months == slices


def test_an_unrelated_objective_changes_nothing_of_the_others(eventful: Told) -> None:
    story = many_things()
    story.objectives = [
        *story.objectives,
        objective("good", "total", slo_id="x", objective_id="x", service_id="x"),
    ]
    changed = story.build()
    for table in ("fct_slo_windows", "fct_slo_alerts", "mart_slo_attainment"):
        query = f"select * from marts.{table} where slo_id <> 'x'"
        assert changed.rows(query) == eventful.rows(query)


def test_no_model_compares_every_row_with_every_other(eventful: Told) -> None:
    for model in models_of_objectives():
        plan = str(eventful.con.execute(f"explain {model.sql}").fetchall())
        assert "BLOCKWISE_NL_JOIN" not in plan, model.name
        assert "NESTED_LOOP_JOIN" not in plan, model.name
