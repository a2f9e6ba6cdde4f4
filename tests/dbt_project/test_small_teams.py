"""No mart shows a number of a team below the minimum size, nor tells it by subtraction (DEFINITIONS §6)."""

import re
from datetime import date
from pathlib import Path

import pytest
import yaml

from tests.dbt_project.ownership_stories import employed
from tests.dbt_project.stories import Row, Story, Told
from tests.dbt_project.test_metric_values import eventful
from tests.docs.pages import ROOT

WIDE = (
    "mart_dora_daily",
    "mart_dora_weekly",
    "mart_dora_monthly",
    "mart_dora_quarterly",
    "mart_dora_benchmarks",
    "mart_flow_weekly",
    "mart_incident_response",
    "mart_lead_time_breakdown",
    "mart_profile_comparison",
)
NUMBERS = "value, numerator, denominator, n, interval_low, interval_high, dispositions_unknown_share"
PLAIN_COLUMNS = re.compile(
    "scope_|period_|is_|withheld_reason|profile$|profile_unit|dora_2026_(metric|unit)|metric$|reason_codes"
)
Q2 = "period_start >= '2026-04-01' and period_end <= '2026-07-01'"


def staffed(payments: int = 8, discovery: int = 8, *, story: Story | None = None) -> Story:
    """The eventful organisation: two teams of commerce with so many people each; both have work items."""
    told = eventful(story)
    for team, people in (("payments", payments), ("discovery", discovery)):
        for number in range(people):
            employed(told, f"p_{team}_{number}", team, "2026-01-01")
    return told


def withheld(told: Told, grain: str = "month", period: str = "2026-05-01") -> dict[str, str]:
    rows = told.rows(
        "select scope_id, reason from intermediate.int_teams_withheld "
        "where period_grain = $1 and period_start = $2",
        grain,
        date.fromisoformat(period),
    )
    return {row["scope_id"]: row["reason"] for row in rows}


@pytest.fixture(scope="module")
def unstaffed() -> Told:
    return eventful().build()


@pytest.fixture(scope="module")
def small() -> Told:
    """Payments is small; beside it discovery would give it away; commerce stays."""
    return staffed(payments=4).build()


# --- which teams


def test_a_team_at_the_minimum_is_shown_and_one_below_is_withheld() -> None:
    assert withheld(staffed(payments=5).build()) == {}
    assert withheld(staffed(payments=4).build())["payments"] == "below_team_size"


def test_the_minimum_is_the_workspaces() -> None:
    story = staffed(payments=4)
    story.flow["scorecard"] = [{"minimum_team_size": 4, "minimum_peer_count": 4}]
    assert withheld(story.build()) == {}


def test_where_nobody_knows_the_people_nothing_is_withheld_and_nothing_flagged(unstaffed: Told) -> None:
    assert withheld(unstaffed) == {}
    rows = unstaffed.rows("select flags, n from marts.mart_metric_values where scope_kind = 'team'")
    assert len(rows) > 100
    assert all(row["n"] is not None and "withheld" not in row["flags"] for row in rows)


def test_a_team_is_not_small_before_its_people_are_known_and_is_when_they_have_left() -> None:
    story = eventful()
    for number in range(8):
        employed(story, f"p_{number}", "payments", "2026-04-10", "2026-06-20")
    story.coverage = ("2026-01-01 00:00", "2026-10-01 00:00")
    told = story.build()
    assert withheld(told, "quarter", "2026-01-01") == {}
    assert "payments" not in withheld(told, "quarter", "2026-04-01")
    assert withheld(told, "quarter", "2026-07-01")["payments"] == "below_team_size"


# --- between periods


def test_one_small_month_withholds_its_quarter_and_every_week_that_touches_it() -> None:
    story = staffed(payments=4)
    for number in range(4):
        employed(story, f"p_late_{number}", "payments", "2026-06-01")
    story.coverage = ("2026-01-01 00:00", "2026-10-01 00:00")
    told = story.build()
    periods = told.rows(
        "select period_grain, min(period_start) as first, max(period_start) as last, "
        "count(*)::bigint as count "
        "from intermediate.int_teams_withheld where scope_id = 'payments' group by 1"
    )
    assert {row["period_grain"]: (row["first"], row["last"], row["count"]) for row in periods} == {
        "day": (date(2026, 1, 1), date(2026, 6, 30), 181),
        "week": (date(2025, 12, 29), date(2026, 6, 29), 27),
        "month": (date(2026, 1, 1), date(2026, 6, 1), 6),
        "quarter": (date(2026, 1, 1), date(2026, 4, 1), 2),
    }


# --- beside one another


def test_beside_a_small_team_the_smallest_other_of_its_parent_is_withheld() -> None:
    story = staffed(payments=4, discovery=7)
    story.team("ranking", parent="commerce")
    story.service("other")
    story.owner("other", "ranking")
    story.history("opq", on="acme/other", start="05-01 10:00")
    story.deployment(401, "o", on="acme/other", start="05-10 10:00")
    for number in range(6):
        employed(story, f"p_ranking_{number}", "ranking", "2026-01-01")
    assert withheld(story.build()) == {"payments": "below_team_size", "ranking": "beside_small_team"}


def test_small_teams_that_are_enough_together_need_nobody_beside_them() -> None:
    story = staffed(payments=3, discovery=3)
    assert withheld(story.build()) == {"payments": "below_team_size", "discovery": "below_team_size"}


def test_a_small_team_that_nothing_is_counted_of_needs_nobody_beside_it() -> None:
    story = staffed()
    story.team("idle", parent="commerce")
    employed(story, "p_idle", "idle", "2026-01-01")
    assert withheld(story.build()) == {"idle": "below_team_size"}


def test_whoever_is_withheld_beside_a_small_team_takes_the_teams_below_along() -> None:
    story = staffed()
    story.team("office")
    story.owner("search", "office", since="05-01 00:00")
    story.owners = [
        row for row in story.owners if (row["service_id"], row["team_id"]) != ("search", "discovery")
    ]
    employed(story, "p_office", "office", "2026-01-01")
    assert withheld(story.build()) == {
        "office": "below_team_size",
        "commerce": "beside_small_team",
        "payments": "beside_small_team",
        "discovery": "beside_small_team",
    }


def test_no_small_team_comes_out_as_its_parent_less_the_shown_teams(small: Told) -> None:
    """Without the second rule, commerce less discovery would be payments to the last deployment."""
    rows = small.rows(
        "select scope_id, n from marts.mart_metric_values where metric = 'deployment_frequency' "
        "and period_grain = 'quarter' and period_start = '2026-04-01' and scope_kind = 'team' order by 1"
    )
    assert {row["scope_id"]: row["n"] for row in rows} == {
        "commerce": 16,
        "discovery": None,
        "payments": None,
    }


# --- what is shown


def test_a_withheld_cell_has_no_number_and_says_why(small: Told) -> None:
    rows = small.rows(
        f"select {NUMBERS}, flags, scope_id from marts.mart_metric_values "
        f"where scope_id in ('payments', 'discovery') and {Q2}"
    )
    assert len(rows) > 500
    reasons = {"payments": "below_team_size", "discovery": "beside_small_team"}
    for row in rows:
        assert [row[name] for name in NUMBERS.split(", ")] == [None] * 7
        assert row["flags"][-2:] == ["withheld", reasons[row["scope_id"]]]
        assert not {"below_minimum_n", "dispositions_unknown"} & set(row["flags"])


def test_services_organisation_and_larger_teams_keep_every_number(small: Told, unstaffed: Told) -> None:
    query = (
        "select * from marts.mart_metric_values where scope_id not in ('payments', 'discovery') order by all"
    )
    assert small.rows(query) == unstaffed.rows(query)


@pytest.mark.parametrize("mart", WIDE)
def test_a_wide_mart_shows_no_number_of_a_small_team_and_every_other(
    mart: str, small: Told, unstaffed: Told
) -> None:
    others = f"select * from marts.{mart} where scope_id not in ('payments', 'discovery') order by all"
    assert small.rows(others) == unstaffed.rows(others)
    rows = small.rows(f"select * from marts.{mart} where scope_id in ('payments', 'discovery')")
    hidden = [row for row in rows if row["withheld_reason"]]
    assert {row["withheld_reason"] for row in hidden} == {"below_team_size", "beside_small_team"}
    assert [row for row in hidden if _numbers(row)] == []
    assert any(_numbers(row) for row in unstaffed.rows(f"select * from marts.{mart}"))


def test_the_scorecard_withholds_where_the_marts_do(small: Told) -> None:
    rows = small.rows("select team_id, withheld_reason from marts.mart_team_scorecard group by all")
    found = {(row["team_id"], row["withheld_reason"]) for row in rows}
    assert ("payments", "below_team_size") in found
    assert ("discovery", "beside_small_team") in found
    assert ("commerce", None) in found


def test_every_mart_with_teams_is_one_of_those_that_withhold() -> None:
    of_teams = {"mart_metric_values", "mart_team_scorecard", "mart_slo_attainment", *WIDE}
    found = set()
    for path in (Path(ROOT) / "dbt_project" / "models" / "marts").glob("mart_*.yml"):
        (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        if {"scope_id", "team_id"} & {column["name"] for column in model["columns"]}:
            found.add(model["name"])
    assert found - of_teams == {"mart_ownership_conflicts"}, (
        "which says whose a service is, and counts nothing"
    )


# --- the data tests and their faults


@pytest.mark.parametrize(
    ("rule", "fault"),
    [
        ("numbers_of_small_teams_are_withheld", "set n = 3 where scope_id = 'payments'"),
        ("what_is_withheld_shows_no_number", "set value = 3 where scope_id = 'discovery'"),
        ("what_is_withheld_shows_no_number", "set flags = [] where scope_id = 'discovery'"),
    ],
)
def test_a_planted_number_of_a_small_team_is_found(rule: str, fault: str, small: Told) -> None:
    path = Path(ROOT) / "dbt_project" / "models" / "marts" / "mart_metric_values.yml"
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    named = [test["no_rows_where"] for test in model["data_tests"] if "no_rows_where" in test]
    (condition,) = (test["arguments"]["condition"] for test in named if test["name"] == rule)
    found = f"select 1 as found from marts.mart_metric_values where {condition}"
    assert small.rows(found) == []
    small.warehouse.execute("begin")
    small.warehouse.execute(f"update marts.mart_metric_values {fault}")
    assert small.rows(found)
    small.warehouse.execute("rollback")


def _numbers(row: Row) -> list[str]:
    """Columns of a row that tell something of its scope."""
    return [name for name, value in row.items() if value is not None and not PLAIN_COLUMNS.match(name)]
