"""FTE-days of teams (DEFINITIONS §6): shares times working days, without leave; rolled up and conserved."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_project.ownership_stories import away, employed, github_member
from tests.dbt_project.stories import Row, Story, Told

ADA, BOB = "p_ada", "p_bob"


@pytest.fixture
def story() -> Story:
    """Commerce with two teams below it, in a week from Monday, May 4th."""
    story = Story(coverage=("2026-05-04 00:00", "2026-05-11 00:00"))
    story.team("commerce")
    story.team("payments", parent="commerce")
    story.team("basket", parent="commerce")
    return story


def exposure(told: Told, column: str = "fte_days") -> dict[str, str]:
    """FTE-days by team."""
    rows = told.rows(
        f"select team_id, sum({column})::varchar as fte_days from intermediate.int_team_exposure_days "
        "group by team_id order by team_id"
    )
    return {row["team_id"]: row["fte_days"] for row in rows}


def days(told: Told, team: str) -> list[tuple[str, str, int]]:
    """The days of a team: date, FTE-days, people."""
    rows = told.rows(
        "select exposure_date, fte_days::varchar as fte, person_count "
        "from intermediate.int_team_exposure_days where team_id = $1 order by exposure_date",
        team,
    )
    return [(f"{row['exposure_date']:%m-%d}", row["fte"], row["person_count"]) for row in rows]


def test_a_full_week_is_five_days_and_a_share_of_it_the_share(story: Story) -> None:
    employed(story, ADA, "payments", "2026-01-01")
    employed(story, BOB, "basket", "2026-01-01", fte=0.6)
    told = story.build()
    assert exposure(told) == {"basket": "3.0000", "commerce": "8.0000", "payments": "5.0000"}
    assert exposure(told, "own_fte_days")["commerce"] == "0.0000"


def test_leave_takes_whole_days_from_the_first_to_before_the_first_one_back(story: Story) -> None:
    employed(story, ADA, "payments", "2026-01-01")
    away(story, ADA, "2026-05-05", "2026-05-07")
    away(story, ADA, "2026-05-06", "2026-05-07")  # entered twice, taken once
    assert [day for day, *_ in days(story.build(), "payments")] == ["05-04", "05-07", "05-08"]


def test_weekends_add_nothing_and_holidays_of_the_persons_calendar_neither(story: Story) -> None:
    calendar = next(row for row in story.flow["calendars"] if row["calendar_id"] == "default")
    berlin: Row = {**calendar, "calendar_id": "berlin", "country": "DE", "subdivision": "BE"}
    story.flow["calendars"].append(berlin)
    story.coverage = ("2026-05-01 00:00", "2026-05-05 00:00")  # May 1st is a holiday in Berlin, and a Friday
    employed(story, ADA, "payments", "2026-01-01", working_calendar="berlin")
    employed(story, BOB, "basket", "2026-01-01", working_calendar="unheard-of")
    told = story.build()
    assert [day for day, *_ in days(told, "payments")] == ["05-04"]
    assert [day for day, *_ in days(told, "basket")] == ["05-01", "05-04"]


def test_a_day_belongs_to_the_team_of_its_noon_in_the_reporting_time_zone(story: Story) -> None:
    story.time_zone = "Asia/Tokyo"
    github_member(story, ADA, "payments", "05-05 02:59", "05-07 03:00")  # noon there is 03:00 UTC
    assert [day for day, *_ in days(story.build(), "payments")] == ["05-05", "05-06"]


def test_a_move_in_the_middle_of_a_week_splits_it_and_loses_nothing(story: Story) -> None:
    employed(story, ADA, "payments", "2026-01-01", "2026-05-06")
    employed(story, ADA, "basket", "2026-05-06")
    assert exposure(story.build()) == {"basket": "3.0000", "commerce": "5.0000", "payments": "2.0000"}


def test_a_person_in_two_teams_is_one_person_above_them(story: Story) -> None:
    for team in ("payments", "basket"):
        github_member(story, ADA, team, "01-01 00:00")
    told = story.build()
    assert days(told, "commerce")[0] == ("05-04", "1.0000", 1)
    assert days(told, "payments")[0] == ("05-04", "0.5000", 1)


def test_a_roll_up_follows_the_hierarchy_of_the_day(story: Story) -> None:
    story.teams = [row for row in story.teams if row["team_id"] != "payments"]
    story.team("retail")
    story.team("payments", parent="commerce", until="05-06 00:00")
    story.team("payments", parent="retail", since="05-06 00:00")
    employed(story, ADA, "payments", "2026-01-01")
    assert exposure(story.build()) == {"commerce": "2.0000", "payments": "5.0000", "retail": "3.0000"}


def test_people_without_team_and_people_outside_the_roster_add_no_days_to_a_team(story: Story) -> None:
    employed(story, ADA, None, "2026-01-01")
    github_member(story, BOB, "payments", "01-01 00:00")
    told = story.build()
    assert exposure(told) == {"commerce": "0.0000", "payments": "0.0000"}
    (row,) = told.rows(
        "select sum(fte_days)::varchar as fte from intermediate.int_team_member_days where team_id is null"
    )
    assert row["fte"] == "5.0000"


def many(story: Story) -> Story:
    """A dozen people with shares, moves and leave over half a year."""
    story.coverage = ("2026-01-01 00:00", "2026-07-01 00:00")
    for number in range(12):
        person = f"p_{number}"
        fte = (1.0, 0.8, 0.35)[number % 3]
        until = None if number % 4 else "2026-04-15"
        employed(story, person, (None, "payments", "basket")[number % 3], "2025-12-01", until, fte=fte)
        if until:
            employed(story, person, "commerce", until, fte=fte)
        away(story, person, f"2026-0{1 + number % 5}-10", f"2026-0{1 + number % 5}-20")
        for team in ("x", "y", "payments")[: 1 + number // 3 % 3]:
            github_member(story, person, team, "02-03 07:00")
    return story


def test_exposure_adds_up_to_employment_day_by_day_and_person_by_person(story: Story) -> None:
    told = many(story).build()
    assigned: Any = told.rows(
        "select person_token, exposure_date, sum(fte_days) as fte from intermediate.int_team_member_days "
        "group by all order by all"
    )
    shares = {f"p_{number}": (1, Decimal("0.8"), Decimal("0.35"))[number % 3] for number in range(12)}
    assert len(assigned) > 1000
    assert all(row["fte"] == shares[row["person_token"]] for row in assigned)
    on_leave = ("p_0", date(2026, 1, 12))
    assert on_leave not in {(row["person_token"], row["exposure_date"]) for row in assigned}


def test_own_days_of_all_teams_equal_the_days_of_the_roots(story: Story) -> None:
    told = many(story).build()
    own = sum(Decimal(days) for days in exposure(told, "own_fte_days").values())
    rolled = exposure(told)
    assert own == sum(Decimal(rolled[team]) for team in ("commerce", "x", "y"))
    assert own > 0


def test_splitting_a_membership_in_time_conserves_every_day(story: Story) -> None:
    whole = many(story).build()
    split = Story(coverage=story.coverage, teams=story.teams)
    split.staged = {name: list(rows) for name, rows in story.staged.items()}
    rows = split.staged["stg_roster__employments"]
    for row in [row for row in rows if row["valid_until_date"] is None]:
        rows.remove(row)
        cut = "2026-05-13"
        rows.extend([{**row, "valid_until_date": cut}, {**row, "valid_from_date": cut}])
    query = "select * from intermediate.int_team_exposure_days order by all"
    assert split.build().rows(query) == whole.rows(query)


def test_the_order_of_rows_and_threads_change_nothing(story: Story) -> None:
    told = many(story).build()
    query = "select * from intermediate.int_team_exposure_days order by all"
    for rows in story.staged.values():
        rows.reverse()
    story.threads = 8
    assert story.build().rows(query) == told.rows(query)


@pytest.mark.parametrize(
    ("model", "fault", "red"),
    [
        ("int_team_member_days", "update {} set fte_days = -1", "a_day_of_a_member_is_at_most_a_day finds 5"),
        ("int_person_tellers", "insert into {} from {}", "unique_together_int_person_tellers"),
        ("int_team_exposure_periods", "update {} set team_size = 0", "a_team_with_days_has_a_size"),
    ],
)
def test_a_model_of_a_story_is_tested_as_dbt_would(story: Story, model: str, fault: str, red: str) -> None:
    employed(story, ADA, "payments", "2026-05-04")
    told = story.build()
    assert told.rows(f"from intermediate.{model}")
    assert told.on_demand is not None
    told.warehouse.execute(fault.format(*[f"intermediate.{model}"] * 2))
    with pytest.raises(AssertionError, match=red):
        told.on_demand.check(model)
