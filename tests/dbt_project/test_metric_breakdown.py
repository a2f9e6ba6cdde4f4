"""Beside the medians: days, parts of the lead time, what is left out, and how strong the links are."""

from datetime import date
from decimal import Decimal

from tests.dbt_project.stories import Story
from tests.dbt_project.test_metric_values import CHECKOUT, deployed_daily, eventful

PARTS = ("coding", "pickup", "review", "merge_to_deploy", "unattributed")


def reviewed() -> Story:
    """A squashed pull request of two commits, reviewed, merged and deployed, and a commit without one."""
    story = deployed_daily(2)
    own = [("own", "05-10 08:00"), ("fix", "05-10 09:00")]
    story.pull_request(7, opened="05-10 10:00", commits=own, merged="05-10 16:00", result="squashed")
    story.review(7, when="05-10 13:00")
    story.commit("squashed", when="05-10 16:00", after=["c2"])
    story.deployment(120, "squashed", start="05-11 13:00")
    return story


def test_2_4_days_are_listed_where_something_happened_and_the_daily_table_has_them_all() -> None:
    told = deployed_daily(1).build()
    scope = "scope_kind = 'service'"
    days = told.rows(
        "select period_start, value from marts.mart_metric_values "
        f"where metric = 'deployment_frequency' and period_grain = 'day' and {scope} order by 1"
    )
    assert [tuple(row.values()) for row in days] == [(date(2026, 4, 21), 1), (date(2026, 5, 1), 1)]
    daily = told.rows(
        f"select period_start, deployment_frequency, change_lead_time, change_lead_time_n "
        f"from marts.mart_dora_daily where {scope} order by 1"
    )
    assert len(daily) == 71  # 21 April to 30 June
    assert tuple(daily[0].values()) == (date(2026, 4, 21), 1, None, 0)
    assert tuple(daily[1].values()) == (date(2026, 4, 22), 0, None, 0)
    assert tuple(daily[10].values())[1:] == (1, 2 * 3600, 1)


def test_days_add_up_to_their_weeks() -> None:
    told = eventful().build()
    days, weeks = (
        told.rows(
            "select metric, scope_kind, scope_id, date_trunc('week', period_start) as week, "
            "sum(n)::bigint as n, sum(numerator)::bigint as numerator from marts.mart_metric_values "
            "where period_grain = $1 and n > 0 and metric <> 'deployment_days' group by all order by all",
            grain,
        )
        for grain in ("day", "week")
    )
    assert days == weeks
    assert len(days) > 50


def test_deployment_days_per_week_is_the_days_over_the_weeks_of_the_period() -> None:
    told = deployed_daily(9).build()
    (month,) = told.rows(
        "select deployment_days, deployment_days_per_week from marts.mart_dora_monthly "
        "where scope_kind = 'service' and period_start = '2026-05-01'"
    )
    assert (month["deployment_days"], month["deployment_days_per_week"]) == (9, Decimal("2.032258065"))


def test_deployment_days_per_week_is_empty_where_the_period_is_cut() -> None:
    told = deployed_daily(3, story=Story(coverage=("2026-04-10 00:00", "2026-05-20 12:00"))).build()
    rows = told.rows("select distinct deployment_days_per_week from marts.mart_dora_monthly")
    assert rows == [{"deployment_days_per_week": None}]


def test_each_part_of_the_lead_time_has_its_median_over_the_changes_that_have_it() -> None:
    told = reviewed().build()
    found = {part: told.value(f"change_{part}_time", CHECKOUT, "2026-05-01") for part in PARTS}
    hours = {part: (row["value"] and row["value"] / 3600, row["n"]) for part, row in found.items()}
    assert hours["coding"] == (Decimal("1.5"), 2)  # 2 h and 1 h
    assert hours["pickup"] == (3, 2)
    assert hours["review"] == (3, 2)
    assert hours["merge_to_deploy"] == (21, 2)
    assert hours["unattributed"][1] == 4


def test_the_parts_of_a_periods_lead_times_sum_to_the_whole() -> None:
    told = reviewed().build()
    rows = told.rows("select * from marts.mart_lead_time_breakdown")
    assert {row["period_grain"] for row in rows} == {"week", "month", "quarter"}
    for row in rows:
        parts = [row[f"change_{part}_time_total_seconds"] for part in PARTS]
        assert sum(parts) == row["change_lead_time_total_seconds"]
    (may,) = [
        row
        for row in rows
        if (row["scope_kind"], row["period_grain"], row["period_start"])
        == ("service", "month", date(2026, 5, 1))
    ]
    hours = {part: may[f"change_{part}_time_total_seconds"] // 3600 for part in PARTS}
    assert hours == {"coding": 3, "pickup": 6, "review": 6, "merge_to_deploy": 42, "unattributed": 5}
    assert may["change_lead_time_n"] == 4
    assert may["change_merge_to_deploy_time_share"] == Decimal("0.677419355")


def test_2_9_what_has_no_baseline_is_counted_and_shown() -> None:
    told = deployed_daily(2).build()
    assert told.value("changes_without_baseline", CHECKOUT, "2026-04-01")["value"] == 1
    assert told.value("changes_without_baseline", CHECKOUT, "2026-05-01")["value"] == 0
    (row,) = told.rows("select * from marts.mart_excluded_facts")
    assert (row["service_id"], row["fact_kind"], row["reason"], row["fact_count"]) == (
        "checkout",
        "change",
        "no_baseline",
        1,
    )
    assert not row["is_data_fault"]


def test_2_12_negative_durations_are_kept_out_counted_and_shown() -> None:
    story = deployed_daily(2)
    story.commit("future", when="05-09 10:00", after=["c2"])
    story.deployment(150, "future", start="05-08 10:00")
    story.incident(
        1, of="checkout", when="05-10 14:00", closed="05-10 13:00", referenced_deployment_ids=["150"]
    )
    told = story.build()
    assert told.value("negative_lead_times", CHECKOUT, "2026-05-01")["value"] == 1
    assert told.value("change_lead_time", CHECKOUT, "2026-05-01")["n"] == 2
    assert told.value("negative_recovery_times", CHECKOUT, "2026-05-01")["value"] == 1
    faults = told.rows(
        "select fact_kind, fact_count from marts.mart_excluded_facts where is_data_fault order by 1"
    )
    assert [tuple(row.values()) for row in faults] == [("change", 1), ("recovery", 1)]


def test_2_5_failed_rollouts_are_counted_apart() -> None:
    story = deployed_daily(2)
    story.deployment(150, "c2", start="05-08 10:00", state="failure")
    told = story.build()
    assert told.value("failed_rollouts", CHECKOUT, "2026-05-01")["value"] == 1
    assert told.value("deployment_frequency", CHECKOUT, "2026-05-01")["value"] == 2


def test_2_10_server_observed_lead_times_leave_out_what_an_author_can_set() -> None:
    story = deployed_daily(3)
    story.run(1, "c2", when="05-02 11:00")
    told = story.build()
    value = told.value("change_lead_time_server_observed", CHECKOUT, "2026-05-01")
    assert (value["value"], value["n"]) == (2 * 3600, 1)
    share = told.value("author_settable_changes_share", CHECKOUT, "2026-05-01")
    assert (share["numerator"], share["denominator"]) == (2, 3)


def test_2_6_the_strength_of_the_links_is_shown() -> None:
    story = deployed_daily(9)
    story.incident(1, of="checkout", when="05-03 14:00", referenced_deployment_ids=["103"])
    story.incident(2, of="checkout", when="05-06 14:00")
    story.incident(3, of="checkout", when="05-25 14:00")
    told = story.build()
    shares = {
        name: told.value(f"incidents_{name}_share", CHECKOUT, "2026-05-01")["numerator"]
        for name in ("named", "by_rule", "unlinked")
    }
    assert shares == {"named": 1, "by_rule": 1, "unlinked": 1}
    assert told.value("failure_incidents", CHECKOUT, "2026-05-01")["value"] == 3
    named = told.value("change_failures_named_share", CHECKOUT, "2026-05-01")
    assert (named["numerator"], named["denominator"]) == (1, 2)


def test_2_16_durations_run_through_nights_and_weekends() -> None:
    story = deployed_daily(2)
    story.commit("friday", when="05-08 17:00", after=["c2"])
    story.deployment(150, "friday", start="05-11 09:00")  # a Monday
    told = story.build()
    assert told.value("change_lead_time", CHECKOUT, "2026-05-11", grain="day")["value"] == 64 * 3600


def test_pull_request_lead_times_have_percentiles() -> None:
    told = reviewed().build()
    for metric in ("pull_request_lead_time_p75", "pull_request_lead_time_p90"):
        value = told.value(metric, CHECKOUT, "2026-05-01")
        assert (value["value"], value["n"]) == (29 * 3600, 1)
