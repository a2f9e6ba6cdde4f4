"""No row of a small team is there only because something happened: rows can be counted."""

from pathlib import Path

import pytest
import yaml

from tests.dbt_project.ownership_stories import employed
from tests.dbt_project.stories import Story, Told
from tests.dbt_project.test_metric_values import eventful
from tests.dbt_project.test_small_teams import staffed
from tests.docs.pages import ROOT

SPARSE = {
    "mart_flow_weekly": ("week",),
    "mart_incident_response": ("month",),
    "mart_lead_time_breakdown": ("week", "month", "quarter"),
}
DAYS = "select scope_id from marts.mart_metric_values where period_grain = 'day' and scope_kind = 'team'"


def with_an_office(story: Story) -> Story:
    """A team that answers for a service that nobody ever deployed, with an incident."""
    story.team("office", parent="commerce")
    story.service("desk")
    story.owner("desk", "office")
    story.incident(9, of="desk", when="05-06 14:00", closed="05-07 14:00")
    return story


@pytest.fixture(scope="module")
def small() -> Told:
    story = with_an_office(staffed(payments=1))
    employed(story, "p_office", "office", "2026-01-01")
    return story.build()


@pytest.fixture(scope="module")
def unstaffed() -> Told:
    return with_an_office(eventful()).build()


def test_rows_of_days_of_a_withheld_team_do_not_count_its_deployment_days(
    small: Told, unstaffed: Told
) -> None:
    found = {row["scope_id"] for row in unstaffed.rows(DAYS)}
    assert found == {"payments", "discovery", "commerce", "office"}
    assert {row["scope_id"] for row in small.rows(DAYS)} == {"commerce"}
    days = "select * from marts.mart_dora_daily where scope_id = 'payments' and withheld_reason is not null"
    assert {row["is_maturing"] for row in small.rows(days)} == {False}


def test_a_team_that_never_deployed_has_no_row_that_tells_of_its_incidents(
    small: Told, unstaffed: Told
) -> None:
    rows = "select 1 as row from marts.mart_metric_values where scope_id = 'office'"
    assert unstaffed.rows(rows)
    assert small.rows(rows) == []


@pytest.mark.parametrize("mart", SPARSE)
def test_a_mart_of_what_happened_has_every_row_of_a_withheld_team_or_none(
    mart: str, small: Told, unstaffed: Told
) -> None:
    (first, *_) = grains = SPARSE[mart]
    grain = "period_grain" if len(grains) > 1 else f"'{first}'"
    rows = f"select {grain} as grain, period_start from marts.{mart} where scope_id = 'payments' order by all"
    every = small.rows(
        "select period_grain as grain, period_start from intermediate.int_teams_withheld "
        "where scope_id = 'payments' and list_contains($1, period_grain) order by all",
        list(grains),
    )
    assert small.rows(rows) == every
    assert 0 < len(unstaffed.rows(rows)) < len(every)


def test_a_planted_row_of_a_day_of_a_withheld_team_is_found(small: Told) -> None:
    path = Path(ROOT) / "dbt_project" / "models" / "marts" / "mart_metric_values.yml"
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    tests = [test["no_rows_where"] for test in model["data_tests"] if "no_rows_where" in test]
    (condition,) = (
        test["arguments"]["condition"]
        for test in tests
        if test["name"] == "days_of_withheld_teams_have_no_row"
    )
    found = f"select 1 as found from marts.mart_metric_values where {condition}"
    assert small.rows(found) == []
    small.warehouse.execute("begin")
    small.warehouse.execute(
        "update marts.mart_metric_values set flags = ['withheld'] where period_grain = 'day'"
    )
    assert small.rows(found)
    small.warehouse.execute("rollback")
