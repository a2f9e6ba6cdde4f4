"""A team above a small one is shown only where something else was counted of it (DEFINITIONS §6)."""

import pytest

from tests.dbt_project.ownership_stories import employed
from tests.dbt_project.stories import Story
from tests.dbt_project.test_small_teams import staffed, withheld

ALONE = {"payments": "below_team_size", "commerce": "beside_small_team"}


def alone(payments: int = 2) -> Story:
    """Of commerce nothing is counted but what the small team below it did."""
    story = staffed(payments=payments)
    story.owners = [row for row in story.owners if row["team_id"] != "discovery"]
    return story


def own_service(story: Story, team: str) -> Story:
    """A team has a service of its own that was deployed in May."""
    story.service("own")
    story.owner("own", team)
    story.history("opq", on="acme/own", start="05-01 10:00")
    story.deployment(401, "o", on="acme/own", start="05-10 10:00")
    return story


def test_a_parent_of_which_nothing_but_a_small_team_is_counted_does_not_show_its_numbers() -> None:
    told = alone().build()
    assert withheld(told) == ALONE
    shown = told.rows(
        "select distinct scope_id from marts.mart_metric_values where scope_kind = 'team' and n is not null"
    )
    assert shown == []


def test_a_parent_whose_own_service_is_counted_is_shown_beside_a_small_team() -> None:
    assert withheld(own_service(alone(), "commerce").build()) == {"payments": "below_team_size"}


def test_a_parent_whose_own_service_nothing_is_counted_of_is_withheld_all_the_same() -> None:
    story = alone()
    story.service("idle")
    story.owner("idle", "commerce")
    assert withheld(story.build()) == ALONE


@pytest.mark.parametrize(
    ("owner", "others"),
    [
        ("nobody", {"company": "beside_small_team"}),  # and so on upward
        ("company", {}),  # which is counted itself
        ("office", {"office": "beside_small_team"}),  # whom the company would be less than by commerce
    ],
)
def test_a_parent_that_is_withheld_is_as_small_among_its_siblings_as_the_team_below_it(
    owner: str, others: dict[str, str]
) -> None:
    story = alone()
    story.teams = [row for row in story.teams if row["team_id"] != "commerce"]
    story.team("commerce", parent="company")
    story.team("company")
    story.team("office", parent="company")
    for number in range(9):
        employed(story, f"p_office_{number}", "office", "2026-01-01")
    told = (story if owner == "nobody" else own_service(story, owner)).build()
    assert withheld(told) == {**ALONE, **others}


def test_the_organisation_is_never_withheld() -> None:
    rows = (
        alone()
        .build()
        .rows("select scope_kind, count(*) as count from intermediate.int_teams_withheld group by all")
    )
    assert [row["scope_kind"] for row in rows] == ["team"]
