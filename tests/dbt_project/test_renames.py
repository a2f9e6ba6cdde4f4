"""A repository that is renamed: its records stay under the name by which it was first read."""

import pytest

from tests.dbt_project.stories import Row, Story, at
from tests.dbt_project.work_stories import WorkStory

TILL, INCIDENTS = "acme/till", "acme/incidents"


def named(story: Story, number: int, *names: str, scope: str = "acme") -> None:
    for name in names:
        known = scope if "/" in scope else name
        row: Row = {"scope": scope, "repository_id": number, "name": name, "repository": known}
        story.stage("github__repositories__names", **row)


@pytest.fixture
def story() -> Story:
    """Three daily deployments of what was acme/checkout when it was first read, and is acme/till now."""
    story = Story()
    story.service("checkout", repository=TILL)
    after: tuple[str, ...] = ()
    for number, name in enumerate("abc", start=1):
        story.commit(name, when=f"05-0{number} 09:00", after=after)
        story.deployment(number, name, start=f"05-0{number} 10:00", end=f"05-0{number} 10:30")
        after = (name,)
    named(story, 1, "acme/checkout", "acme/desk", TILL)
    named(story, 2, INCIDENTS)
    return story


def other_names(story: Story) -> list[tuple[str, str]]:
    rows = story.build().rows("from intermediate.int_repository_names order by name")
    return [(row["name"], row["repository"]) for row in rows]


def test_every_later_name_leads_to_the_first(story: Story) -> None:
    assert other_names(story) == [("acme/desk", "acme/checkout"), (TILL, "acme/checkout")]


def test_where_the_settings_list_repositories_their_newest_name_there_is_kept() -> None:
    story = Story()
    named(story, 1, "acme/checkout", TILL, scope="acme/checkout")
    named(story, 1, TILL, scope=TILL)
    assert other_names(story) == [("acme/checkout", TILL)]


def test_a_name_that_two_repositories_had_in_turn_stands_for_none(story: Story) -> None:
    named(story, 3, "acme/checkout")
    assert other_names(story) == []


def test_a_service_may_name_its_repository_as_it_is_called_now(story: Story) -> None:
    told = story.build()
    assert set(told.deployments()) == {1, 2, 3}
    assert {row["service_id"] for row in told.deployments().values()} == {"checkout"}


def test_an_incident_that_names_a_pull_request_by_the_new_name_links_to_its_deployment(story: Story) -> None:
    story.pull_request(
        7, opened="05-03 12:00", commits=[("own", "05-03 12:30")], merged="05-03 14:00", result="squashed"
    )
    story.commit("squashed", when="05-03 14:00", after=["c"])
    story.deployment(4, "squashed", start="05-03 15:00", end="05-03 15:30")
    story.incident(1, of="checkout", when="05-03 16:00", mentioned_issues=[f"{TILL}#7"])
    failed = [number for number, row in story.build().deployments().items() if row["is_change_failure"]]
    assert failed == [4]


def test_what_is_named_and_what_names_it_are_known_by_the_new_name_too(story: Story) -> None:
    item = story.issue(5, when="05-01 08:00")
    pull_request = story.pull_request(
        7,
        opened="05-03 12:00",
        commits=[("own", "05-03 12:30")],
        merged="05-03 14:00",
        result="squashed",
        mentioned_issues=[f"{TILL}#5"],
    )
    other = story.pull_request(
        8, opened="05-03 12:00", commits=[("two", "05-03 12:30")], merged="05-03 14:00", result="second"
    )
    crossed = {"event": "cross-referenced", "cross_reference": f"{TILL}#8", "position": 1}
    story.stage("github__timeline", repository="acme/checkout", issue_number=5, **crossed)
    details: Row = {"item_type": "PullRequest", "repository": TILL, "added_line_count": 3}
    story.stage("github__item_details", number=7, deleted_line_count=4, **details)
    told = story.build()
    reviews = {row["pull_request_id"]: row for row in told.rows("from intermediate.int_pull_request_reviews")}
    assert reviews[pull_request]["changed_line_count"] == 7
    assert reviews[pull_request]["is_linked"]
    assert reviews[other]["is_linked"]
    targets = told.rows("select distinct target from intermediate.int_change_references order by 1")
    assert [row["target"] for row in targets] == [item]


@pytest.fixture
def renamed_service() -> WorkStory:
    """What was the service till, of which other tools still tell as that."""
    story = WorkStory()
    story.site()
    story.service("checkout", former_names=["Till"])
    story.service("search")
    return story


def test_an_incident_labelled_by_the_former_name_of_a_service_is_its_own(renamed_service: WorkStory) -> None:
    renamed_service.incident(1, of="Till", when="05-03 16:00")
    renamed_service.incident(2, of="other", when="05-03 16:00")
    rows = renamed_service.build().rows(
        "select service_ids from intermediate.int_incident_issues order by all"
    )
    assert [row["service_ids"] for row in rows] == [[], ["checkout"]]


def test_a_component_of_the_former_name_means_the_service(renamed_service: WorkStory) -> None:
    renamed_service.work_item(1, when="05-03 16:00", components=("TILL",))
    (row,) = renamed_service.build().rows("select service_id from marts.fct_issues")
    assert row["service_id"] == "checkout"


def test_what_an_endpoint_reports_by_the_former_name_is_a_deployment_of_the_service() -> None:
    story = Story()
    story.service("checkout", former_names=["till"], deployments_from="reported")
    story.stage(
        "push__deployments",
        deployment_id="7",
        service="till",
        environment="production",
        status="success",
        version="1.0",
        started_at=at("05-03 10:00"),
        finished_at=at("05-03 10:30"),
    )
    rows = story.build().rows("select service_id from marts.fct_deployments")
    assert [row["service_id"] for row in rows] == ["checkout"]
