"""Who was in which team with which share: sources, names, spans, and that no share is lost or made."""

import random
from decimal import Decimal
from itertools import pairwise

import pytest

from tests.dbt_project.ownership_stories import (
    employed,
    github_member,
    owners,
    shares,
    sighted,
)
from tests.dbt_project.stories import Story, Told

ADA, BOB = "p_ada", "p_bob"


@pytest.fixture
def story() -> Story:
    """An organisation without anything."""
    return Story()


def total(told: Told, person: str, day: str) -> Decimal:
    """The sum of a person's shares at a day's noon."""
    rows = told.rows(
        "select fte_ratio from intermediate.int_team_memberships_dated where person_token = $1 "
        "and valid_from <= $2::timestamptz and valid_until > $2::timestamptz",
        person,
        f"2026-{day} 12:00:00+00",
    )
    return sum((row["fte_ratio"] for row in rows), Decimal(0))


def test_a_roster_gives_team_share_and_days_to_the_end_of_the_last_one(story: Story) -> None:
    employed(story, ADA, "payments", "2026-02-01", "2026-03-01", fte=0.8)
    employed(story, ADA, "basket", "2026-03-01", fte=0.5)
    assert shares(story.build(), ADA) == [
        ("payments", "0.8000", "02-01", "03-01"),
        ("basket", "0.5000", "03-01", "ever"),
    ]


def test_days_of_the_roster_begin_at_midnight_of_the_reporting_time_zone(story: Story) -> None:
    story.time_zone = "America/New_York"
    employed(story, ADA, "payments", "2026-03-07", "2026-03-09")  # clocks change on the 8th
    assert shares(story.build(), ADA) == [("payments", "1.0000", "03-07 05:00", "03-09 04:00")]


def test_an_employment_that_ends_ends_its_membership(story: Story) -> None:
    employed(story, ADA, "payments", "2026-02-01", employment_until_date="2026-04-01")
    assert shares(story.build(), ADA) == [("payments", "1.0000", "02-01", "04-01")]


def test_of_overlapping_rows_of_one_roster_the_one_that_began_last_counts(story: Story) -> None:
    employed(story, ADA, "payments", "2026-02-01", fte=1.0)
    employed(story, ADA, "basket", "2026-03-01", "2026-04-01", fte=0.5)
    assert shares(story.build(), ADA) == [
        ("payments", "1.0000", "02-01", "03-01"),
        ("basket", "0.5000", "03-01", "04-01"),
        ("payments", "1.0000", "04-01", "ever"),
    ]


def test_two_rosters_share_a_person_and_never_make_more_than_one(story: Story) -> None:
    employed(story, ADA, "payments", "2026-02-01", fte=0.6)
    employed(story, ADA, "basket", "2026-02-01", fte=0.9, source="contractors")
    told = story.build()
    assert shares(told, ADA) == [
        ("basket", "0.6000", "02-01", "ever"),
        ("payments", "0.4000", "02-01", "ever"),
    ]
    assert total(told, ADA, "02-10") == 1


def test_teams_of_an_api_share_the_employment_evenly_and_lose_nothing(story: Story) -> None:
    employed(story, ADA, None, "2026-02-01", fte=0.5)
    for team in ("a", "b", "c"):
        github_member(story, ADA, team, "02-10 00:00")
    told = story.build()
    assert shares(told, ADA) == [
        ("a", "0.1666", "02-10", "ever"),
        ("b", "0.1667", "02-10", "ever"),
        ("c", "0.1667", "02-10", "ever"),
    ]
    assert total(told, ADA, "02-20") == Decimal("0.5000")


def test_the_roster_is_heard_before_the_directory_and_that_before_teams_of_apis(story: Story) -> None:
    story.team("basket")
    row = {"group_id": "1", "group_name": "Basket", "member_token": ADA, "is_member_bot": False}
    sighted(story, "scim__groups__sightings", "02-05 00:00", source="directory", **row)
    github_member(story, ADA, "cards", "02-01 00:00")
    employed(story, ADA, None, "2026-01-20", "2026-02-10")
    employed(story, ADA, "payments", "2026-02-10")
    story.flow["team_names"] = [
        {"source_kind": "scim", "source_name": "basket", "team_id": "basket"},
    ]
    assert shares(story.build(), ADA) == [
        ("cards", "1.0000", "02-01", "02-05"),
        ("basket", "1.0000", "02-05", "02-10"),
        ("payments", "1.0000", "02-10", "ever"),
    ]


def test_groups_of_a_directory_that_nobody_knows_as_a_team_are_none(story: Story) -> None:
    for group in ("Everyone", "payments"):
        row = {"group_id": group, "group_name": group, "member_token": ADA, "is_member_bot": False}
        sighted(story, "scim__groups__sightings", "02-05 00:00", source="directory", **row)
    story.team("payments")
    assert [team for team, *_ in shares(story.build(), ADA)] == ["payments"]


def test_before_its_first_sighting_no_membership_is_claimed_and_after_its_end_none(story: Story) -> None:
    github_member(story, ADA, "cards", "02-01 09:30", "02-20 09:30")
    assert shares(story.build(), ADA) == [("cards", "1.0000", "02-01 09:30", "02-20 09:30")]


def test_members_leave_a_team_that_is_gone(story: Story) -> None:
    github_member(story, ADA, "cards", "02-01 00:00")
    team = {"organisation": "acme", "team_slug": "cards"}
    sighted(story, "github__teams__sightings", "01-30 00:00", "03-01 00:00", **team)
    assert shares(story.build(), ADA) == [("cards", "1.0000", "02-01", "03-01")]


def test_gitlab_itself_says_since_when_and_until_when(story: Story) -> None:
    row = {"group_path": "acme/cards", "member_token": ADA, "is_member_bot": False, "source": "gitlab"}
    dates = {"created_at": story.when("01-10 00:00"), "expires_date": "2026-05-01"}
    sighted(story, "gitlab__group_members__sightings", "02-01 00:00", **row, **dates)
    assert shares(story.build(), ADA) == [("cards", "1.0000", "01-10", "05-01")]


def test_pagerdutys_and_the_catalogs_members_count_where_nobody_else_speaks(story: Story) -> None:
    team = {"team_id": "T1", "source": "pager"}
    sighted(story, "pagerduty__teams__sightings", "02-01 00:00", team_name="Night Watch", **team)
    member = {"user_token": ADA, "is_user_bot": False}
    sighted(story, "pagerduty__team_members__sightings", "02-03 00:00", **team, **member)
    for table, role, since in (("entities__members", "member", "02-10"), ("users__groups", "user", "02-12")):
        row = {f"{role}_token": ADA, f"is_{role}_bot": False, "group_ref": "group:default/cards"}
        sighted(story, f"backstage__{table}", f"{since} 00:00", source="catalog", repository="x", **row)
    assert shares(story.build(), ADA) == [
        ("night-watch", "1.0000", "02-03", "02-10"),
        ("cards", "1.0000", "02-10", "ever"),
    ]


def test_bots_are_nobodys_members(story: Story) -> None:
    github_member(story, "p_bot", "cards", "02-01 00:00", is_member_bot=True)
    github_member(story, ADA, "cards", "02-01 00:00")
    told = story.build()
    assert shares(told, "p_bot") == []
    assert shares(told, ADA) != []


def test_accounts_of_one_person_are_one_member(story: Story) -> None:
    story.person("person_ada", ADA, "p_ada_at_github")
    employed(story, ADA, None, "2026-02-01")
    github_member(story, "p_ada_at_github", "cards", "02-10 00:00")
    told = story.build()
    assert shares(told, "person_ada") == [("cards", "1.0000", "02-10", "ever")]
    assert shares(told, "p_ada_at_github") == []


def test_beside_a_roster_people_whom_it_does_not_know_add_no_share_unless_asked_to(story: Story) -> None:
    employed(story, ADA, "payments", "2026-02-01")
    github_member(story, BOB, "payments", "02-01 00:00")
    assert shares(story.build(), BOB) == [("payments", "0.0000", "02-01", "ever")]
    story.flow["ownership"] = [{"counts_people_outside_roster": True}]
    assert shares(story.build(), BOB) == [("payments", "1.0000", "02-01", "ever")]


def test_whoever_left_by_the_roster_is_no_member_whatever_an_api_still_lists(story: Story) -> None:
    employed(story, ADA, None, "2026-02-01", "2026-03-01")
    github_member(story, ADA, "cards", "01-15 00:00")
    assert shares(story.build(), ADA) == [("cards", "1.0000", "02-01", "03-01")]


def test_a_membership_carries_the_teams_ancestors_of_its_time(story: Story) -> None:
    story.team("commerce")
    story.team("retail")
    story.team("payments", parent="commerce", until="03-01 00:00")
    story.team("payments", parent="retail", since="03-01 00:00")
    employed(story, ADA, "Payments", "2026-02-01")
    rows = story.build().rows(
        "select valid_from, team_path from intermediate.int_team_memberships_dated order by valid_from"
    )
    assert [(f"{row['valid_from']:%m-%d}", row["team_path"]) for row in rows] == [
        ("02-01", ["payments", "commerce"]),
        ("03-01", ["payments", "retail"]),
    ]


def test_a_renamed_team_keeps_its_members_under_our_name(story: Story) -> None:
    employed(story, ADA, "Basket", "2026-02-01", "2026-03-01")
    employed(story, ADA, "Cart", "2026-03-01")
    story.flow["team_names"] = [
        {"source_kind": "roster", "source_name": name, "team_id": "trolley"} for name in ("basket", "cart")
    ]
    assert shares(story.build(), ADA) == [("trolley", "1.0000", "02-01", "ever")]


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_said_shares_add_up_to_the_employment_and_spans_do_not_overlap(seed: int) -> None:
    draw, story = random.Random(seed), Story()
    for person in (ADA, BOB):
        for source in ("roster", "contractors")[: draw.randint(1, 2)]:
            for month in draw.sample(range(1, 7), 3):
                end = f"2026-{draw.randint(month + 1, 8):02}-01" if draw.random() < 0.5 else None
                team, fte = draw.choice(["payments", "basket", None]), draw.choice([1.0, 0.33, 0.5, 0.8])
                employed(story, person, team, f"2026-{month:02}-01", end, fte=fte, source=source)
        for team in draw.sample("abcdefg", 5):
            start = draw.randint(1, 5)
            end = f"{draw.randint(start + 1, 8):02}-11 06:00"
            github_member(story, person, team, f"{start:02}-11 06:00", end)
    told = story.build()
    days = [f"{month:02}-{day:02}" for month in range(1, 9) for day in (5, 20)]
    for person in (ADA, BOB):
        for day in days:
            assert total(told, person, day) in (0, _employment(told, person, day)), (person, day)
        for team in {team for team, *_ in shares(told, person)}:
            spans = told.rows(
                "select valid_from, valid_until from intermediate.int_team_memberships_dated "
                "where person_token = $1 and team_id = $2 order by valid_from",
                person,
                team,
            )
            assert all(one["valid_until"] <= next_["valid_from"] for one, next_ in pairwise(spans))
    for rows in story.staged.values():
        draw.shuffle(rows)
    again = story.build()
    assert [shares(again, person) for person in (ADA, BOB)] == [shares(told, person) for person in (ADA, BOB)]


def _employment(told: Told, person: str, day: str) -> Decimal:
    (row,) = told.rows(
        "select coalesce(least(sum(fte_units), 10000), 0)::integer as units "
        "from intermediate.int_team_employments where person_token = $1 "
        "and valid_from <= $2::timestamptz and valid_until > $2::timestamptz",
        person,
        f"2026-{day} 12:00:00+00",
    )
    return Decimal(row["units"]) / 10000


def test_memberships_do_not_decide_who_owns_a_service(story: Story) -> None:
    story.service("checkout")
    employed(story, ADA, "payments", "2026-02-01")
    assert owners(story.build()) == []
