"""How many people a small team has: heads, whatever their share, and not by days off."""

from tests.dbt_project.ownership_stories import employed, github_member
from tests.dbt_project.stories import Told
from tests.dbt_project.test_metric_values import eventful
from tests.dbt_project.test_small_teams import staffed, withheld


def sizes(told: Told, team: str, grain: str = "quarter") -> list[int | None]:
    rows = told.rows(
        "select team_size from intermediate.int_team_exposure_periods "
        "where team_id = $1 and period_grain = $2 order by period_start",
        team,
        grain,
    )
    return [row["team_size"] for row in rows]


def outsiders(count: int) -> Told:
    """Discovery is on the roster; payments is people whom only GitHub knows."""
    story = eventful()
    for number in range(8):
        employed(story, f"p_{number}", "discovery", "2026-01-01")
    for number in range(count):
        github_member(story, f"p_contractor_{number}", "payments", "01-01 00:00")
    return story.build()


def test_a_team_whose_only_member_no_roster_knows_is_small() -> None:
    told = outsiders(1)
    assert withheld(told)["payments"] == "below_team_size"
    days = told.rows(
        "select distinct fte_days, own_fte_days, person_count, own_person_count "
        "from intermediate.int_team_exposure_days where team_id = 'payments'"
    )
    assert days == [{"fte_days": 0, "own_fte_days": 0, "person_count": 1, "own_person_count": 0}]


def test_enough_people_whom_no_roster_knows_are_a_team_that_is_shown() -> None:
    assert withheld(outsiders(5)) == {}


def test_accounts_that_nobody_has_matched_make_no_team_larger() -> None:
    story = staffed(payments=3)
    for number in range(4):
        github_member(story, f"p_account_{number}", "payments", "01-01 00:00", source="github")
        github_member(story, f"p_another_{number}", "payments", "01-01 00:00", source="enterprise")
    told = story.build()
    assert set(sizes(told, "payments")) == {4}
    assert withheld(told)["payments"] == "below_team_size"


def test_people_of_two_rosters_are_different_people() -> None:
    story = staffed(payments=0)
    for number in range(3):
        employed(story, f"p_employee_{number}", "payments", "2026-01-01")
        employed(story, f"p_contractor_{number}", "payments", "2026-01-01", source="contractors")
    told = story.build()
    assert set(sizes(told, "payments")) == {6}
    assert withheld(told) == {}


def test_accounts_of_people_on_the_roster_count_with_those_that_nobody_knows() -> None:
    story = eventful()
    for number in range(8):
        employed(story, f"p_{number}", "discovery", "2026-01-01")
        employed(story, f"p_known_{number}", "payments" if number < 3 else "discovery", "2026-01-01")
    for number in range(3):
        github_member(story, f"p_known_{number}", "payments", "01-01 00:00")
        github_member(story, f"p_contractor_{number}", "payments", "01-01 00:00")
    assert set(sizes(story.build(), "payments")) == {6}


def test_a_team_whose_people_have_no_share_is_small() -> None:
    story = staffed(payments=0)
    for number in range(2):
        employed(story, f"p_adviser_{number}", "payments", "2026-01-01", fte=0.0)
    told = story.build()
    assert set(sizes(told, "payments")) == {2}
    assert withheld(told)["payments"] == "below_team_size"


def test_a_quarter_that_begins_with_days_off_withholds_nobody() -> None:
    story = staffed(8, 8)
    story.coverage = ("2026-01-01 00:00", "2028-01-03 00:00")
    told = story.build()
    assert withheld(told, "week", "2027-12-27") == {}
    assert withheld(told, "quarter", "2028-01-01") == {}
