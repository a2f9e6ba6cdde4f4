"""Every event belongs to the team that owned its service then, and to that team's ancestors then (§2.14)."""

import pytest

from tests.dbt_project.stories import Story


@pytest.fixture
def story() -> Story:
    """A service whose owner changes on May 10th, deployed before and after."""
    story = Story()
    story.service("checkout")
    story.history("ab", start="05-01 10:00")
    story.deployment(1, "a", start="05-05 10:00")
    story.deployment(2, "b", start="05-15 10:00")
    story.owner("checkout", "payments", until="05-10 00:00")
    story.owner("checkout", "basket", since="05-10 00:00")
    return story


def test_2_14_a_deployment_belongs_to_the_owner_at_its_time(story: Story) -> None:
    owners = {number: row["team_id"] for number, row in story.build().deployments().items()}
    assert owners == {1: "payments", 2: "basket"}


def test_an_owner_begins_at_its_first_instant_and_ends_before_its_last(story: Story) -> None:
    story.deployment(3, "b", start="05-09 23:59")
    story.deployment(4, "a", start="05-10 00:00")
    owners = {number: row["team_id"] for number, row in story.build().deployments().items()}
    assert (owners[3], owners[4]) == ("payments", "basket")


def test_a_reorganisation_moves_events_from_its_day_on(story: Story) -> None:
    story.team("commerce")
    story.team("retail")
    story.team("basket", parent="commerce", until="05-12 00:00")
    story.team("basket", parent="retail", since="05-12 00:00")
    story.deployment(3, "a", start="05-11 10:00")
    paths = {number: row["team_path"] for number, row in story.build().deployments().items()}
    assert paths == {1: ["payments"], 2: ["basket", "retail"], 3: ["basket", "commerce"]}


def test_ancestors_of_ancestors_are_on_the_path_and_a_circle_ends(story: Story) -> None:
    story.team("payments", parent="commerce")
    story.team("commerce", parent="business")
    story.team("business", parent="payments")
    assert story.build().deployments()[1]["team_path"] == ["payments", "commerce", "business"]


def test_where_two_teams_own_a_service_the_newer_ownership_counts(story: Story) -> None:
    story.owner("checkout", "newcomers", since="05-04 00:00", until="05-06 00:00")
    assert story.build().deployments()[1]["team_id"] == "newcomers"


def test_a_time_without_owner_is_shown_as_such() -> None:
    story = Story()
    story.service("checkout")
    story.history("ab", start="05-01 10:00")
    story.deployment(1, "a", start="05-05 10:00")
    story.deployment(2, "b", start="05-15 10:00")
    story.owner("checkout", "basket", since="05-10 00:00")
    told = story.build()
    assert told.deployments()[1]["team_id"] is None
    (coverage,) = told.rows("select * from marts.mart_ownership_coverage where fact = 'deployments'")
    assert (coverage["owned_event_count"], coverage["unowned_event_count"]) == (1, 1)


def test_teams_roll_up_through_the_hierarchy_of_the_events_day(story: Story) -> None:
    story.team("commerce")
    story.team("payments", parent="commerce")
    story.team("basket", parent="commerce", since="05-10 00:00", until="05-20 00:00")
    story.service("search")
    story.commit("x", on="acme/search", when="05-01 10:00")
    story.deployment(9, "x", on="acme/search", start="05-16 10:00")
    story.owner("search", "payments")
    told = story.build()
    counts = {
        scope: told.value("deployment_frequency", scope, "2026-05-01")["value"]
        for scope in (
            "team:payments",
            "team:basket",
            "team:commerce",
            "organisation:acme",
            "service:checkout",
        )
    }
    assert counts == {
        "team:payments": 2,
        "team:basket": 1,
        "team:commerce": 3,
        "organisation:acme": 3,
        "service:checkout": 2,
    }


def test_a_roll_up_is_the_median_of_the_events_never_of_the_medians(story: Story) -> None:
    story.team("payments", parent="commerce")
    story.team("commerce")
    story.service("search")
    story.owner("search", "commerce")
    story.commit("c", when="05-05 12:00", after=["b"])
    story.deployment(3, "c", start="05-06 12:00")
    for number, hours in enumerate((2, 4, 6), start=10):
        name = f"x{number}"
        story.commit(name, on="acme/search", when=f"05-06 {20 - hours:02}:00", after=[f"x{number - 1}"])
        story.deployment(number, name, on="acme/search", start=f"05-06 20:{number}")
    told = story.build()
    leads = {
        scope: told.value("change_lead_time", scope, "2026-05-01")["value"]
        for scope in ("team:commerce", "service:search", "team:payments")
    }
    hour, minute = 3600, 60
    assert leads == {
        "service:search": 5 * hour + 11.5 * minute,  # of 4 h 11 and 6 h 12
        "team:payments": 72.5 * hour,  # of 24 h and 121 h
        "team:commerce": 15 * hour + 6 * minute,  # of all four
    }


def test_dim_teams_keeps_each_place_in_the_hierarchy_with_its_dates(story: Story) -> None:
    story.team("commerce")
    story.team("basket", parent="commerce", until="05-12 00:00")
    story.team("basket", since="05-12 00:00")
    rows = story.build().rows("select * from marts.dim_teams where team_id = 'basket' order by valid_from")
    assert [(row["parent_team_id"], row["team_path"]) for row in rows] == [
        ("commerce", ["basket", "commerce"]),
        (None, ["basket"]),
    ]
    assert rows[0]["valid_until"] == rows[1]["valid_from"]
