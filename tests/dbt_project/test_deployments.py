"""What counts as one deployment, and of which kind: the first rows of the rule table (DEFINITIONS §2)."""

import pytest

from tests.dbt_project.stories import CHECKOUT, Story, Told, at, sha


@pytest.fixture
def story() -> Story:
    """A service with a line of commits a to e."""
    story = Story()
    story.service("checkout")
    story.history("abcde", start="05-01 10:00")
    return story


def test_regions_and_canaries_are_parts_of_one_deployment(story: Story) -> None:
    story.deployment(1, "a", start="05-04 10:00", end="05-04 10:05")
    story.deployment(2, "a", start="05-04 10:20", end="05-04 10:40", environment="prod")
    (deployment,) = story.build().deployments().values()
    assert deployment["part_ids"] == ["github:github:deployment:1", "github:github:deployment:2"]
    assert deployment["deployment_id"] == "github:github:deployment:1"
    assert (deployment["started_at"], deployment["finished_at"]) == (at("05-04 10:00"), at("05-04 10:40"))


def test_a_part_that_was_given_up_does_not_move_the_end(story: Story) -> None:
    story.deployment(1, "a", start="05-04 10:00", end="05-04 10:05")
    story.deployment(2, "a", start="05-04 10:20", end="05-04 10:40", state="failure")
    (deployment,) = story.build().deployments().values()
    assert deployment["outcome"] == "success"
    assert deployment["finished_at"] == at("05-04 10:05")


def test_a_retried_attempt_is_one_deployment_that_ends_with_the_one_that_succeeded(story: Story) -> None:
    story.deployment(1, "a", start="05-04 10:00", end="05-04 10:05", state="failure")
    story.deployment(2, "a", start="05-04 10:30", end="05-04 10:45")
    (deployment,) = story.build().deployments().values()
    assert (deployment["outcome"], deployment["finished_at"]) == ("success", at("05-04 10:45"))


def test_parts_are_one_deployment_within_six_hours_of_the_first_and_no_longer(story: Story) -> None:
    for number, start in enumerate(("05-04 10:00", "05-04 15:59", "05-04 16:01", "05-04 21:00"), start=1):
        story.deployment(number, "a", start=start)
    assert [row["part_ids"] for row in story.build().deployments().values()] == [
        ["github:github:deployment:1", "github:github:deployment:2"],
        ["github:github:deployment:3", "github:github:deployment:4"],
    ]


def test_the_hours_that_make_one_rollout_are_configuration(story: Story) -> None:
    story.rules = {**story.rules, "rollout_merge_hours": 1}
    story.deployment(1, "a", start="05-04 10:00")
    story.deployment(2, "a", start="05-04 12:00")
    assert len(story.build().deployments()) == 2


def test_another_commit_in_between_ends_a_rollout(story: Story) -> None:
    """Going back within six hours must not melt into the deployment that it goes back to."""
    story.deployment(1, "b", start="05-04 10:00")
    story.deployment(2, "c", start="05-04 11:00")
    story.deployment(3, "b", start="05-04 12:00")
    deployments = story.build().deployments()
    assert list(deployments) == [1, 2, 3]
    assert deployments[3]["is_rollback"]


def test_regions_of_two_rollouts_that_interleave_stay_with_their_own(story: Story) -> None:
    story.services[0]["environment_pattern"] = "^prod-"
    story.deployment(1, "b", start="05-04 10:00", environment="prod-eu")
    story.deployment(2, "c", start="05-04 10:30", environment="prod-eu")
    story.deployment(3, "b", start="05-04 10:40", environment="prod-us")
    parts = {number: row["part_ids"] for number, row in story.build().deployments().items()}
    assert parts == {
        1: ["github:github:deployment:1", "github:github:deployment:3"],
        2: ["github:github:deployment:2"],
    }


def test_a_failed_rollout_is_listed_apart_and_replaces_nothing(story: Story) -> None:
    story.deployment(1, "a", start="05-04 10:00")
    story.deployment(2, "b", start="05-05 10:00", state="failure")
    story.deployment(3, "c", start="05-06 10:00")
    deployments = story.build().deployments()
    assert deployments[2]["outcome"] == "failed_rollout"
    assert deployments[3]["predecessor_deployment_id"] == "github:github:deployment:1"
    assert not deployments[2]["is_change_failure"]


def test_a_deployment_that_nobody_finished_is_none(story: Story) -> None:
    story.deployment(1, "a", start="05-04 10:00", state="in_progress")
    assert story.build().deployments() == {}


def test_the_end_is_the_deployments_own_success_not_the_later_inactive(story: Story) -> None:
    """A deployment's `updated_at` moves when the next one makes it inactive (DevLake #8302)."""
    later = (("inactive", "05-05 10:00"), ("success", "05-05 11:00"))
    story.deployment(1, "a", start="05-04 10:00", end="05-04 10:10", later=later)
    assert story.build().deployments()[1]["finished_at"] == at("05-04 10:10")


def test_the_commit_that_ran_already_is_a_deployment_without_change(story: Story) -> None:
    story.deployment(1, "a", start="05-04 10:00")
    story.deployment(2, "a", start="05-05 10:00")
    deployments = story.build().deployments()
    assert deployments[2]["is_without_change"]
    assert not deployments[2]["is_rollback"]


def test_a_proper_ancestor_of_what_it_replaces_is_a_rollback_and_unplanned(story: Story) -> None:
    story.deployment(1, "b", start="05-04 10:00")
    story.deployment(2, "d", start="05-05 10:00")
    story.deployment(3, "b", start="05-06 10:00")
    rollbacks = {number: row["is_rollback"] for number, row in story.build().deployments().items()}
    assert rollbacks == {1: False, 2: False, 3: True}
    assert story.build().deployments()[3]["is_unplanned"]


def test_a_deployment_is_a_rollback_where_the_tool_says_so(story: Story) -> None:
    story.deployment(1, "b", start="05-04 10:00")
    story.deployment(2, "c", start="05-05 10:00", task="rollback")
    assert story.build().deployments()[2]["is_rollback"]


def test_other_environments_are_listed_and_are_not_production(story: Story) -> None:
    story.deployment(1, "a", start="05-04 09:00", environment="staging")
    story.deployment(2, "a", start="05-04 10:00")
    production = {number: row["is_production"] for number, row in story.build().deployments().items()}
    assert production == {1: False, 2: True}


def test_a_service_may_name_its_own_production_environment(story: Story) -> None:
    story.services[0]["environment_pattern"] = "^live$"
    story.deployment(1, "a", start="05-04 09:00", environment="live")
    story.deployment(2, "a", start="05-04 10:00", environment="production")
    production = {number: row["is_production"] for number, row in story.build().deployments().items()}
    assert production == {1: True, 2: False}


def test_services_of_one_repository_are_told_apart_by_their_task() -> None:
    story = Story()
    for name in ("search", "basket"):
        story.service(name, "acme/mono", paths=[f"{name}/**"], task_pattern=f"^deploy:{name}$")
    story.deployment(1, "a", on="acme/mono", start="05-04 10:00", task="deploy:search")
    story.deployment(2, "a", on="acme/mono", start="05-04 10:00", task="deploy:basket")
    services = {number: row["service_id"] for number, row in story.build().deployments().items()}
    assert services == {1: "search", 2: "basket"}


def test_a_deployment_of_a_whole_shared_repository_is_one_for_each_service() -> None:
    story = Story()
    for name in ("search", "basket"):
        story.service(name, "acme/mono", paths=[f"{name}/**"])
    story.deployment(1, "a", on="acme/mono", start="05-04 10:00")
    rows = story.build().rows("select deployment_id, service_id from marts.fct_deployments order by 2")
    assert [tuple(row.values()) for row in rows] == [
        ("github:github:deployment:1:basket", "basket"),
        ("github:github:deployment:1:search", "search"),
    ]


def test_a_service_that_names_its_task_takes_the_deployment_from_those_that_do_not() -> None:
    story = Story()
    story.service("mono", "acme/mono")
    story.service("search", "acme/mono", paths=["search/**"], task_pattern="^deploy:search$")
    story.deployment(1, "a", on="acme/mono", start="05-04 10:00", task="deploy:search")
    story.deployment(2, "b", on="acme/mono", start="05-04 11:00")
    services = {number: row["service_id"] for number, row in story.build().deployments().items()}
    assert services == {1: "search", 2: "mono"}


def test_workflow_runs_are_deployments_where_the_service_says_so() -> None:
    story = _runs()
    story.run(1, "a", when="05-04 10:00", end="05-04 10:09", workflow_name="deploy")
    story.run(2, "a", when="05-04 10:00", workflow_name="ci")
    story.run(3, "b", when="05-05 10:00", workflow_name="deploy", event="pull_request")
    story.run(4, "b", when="05-06 10:00", workflow_name="deploy", conclusion="timed_out")
    story.run(5, "b", when="05-07 10:00", workflow_name="deploy", conclusion="cancelled")
    assert _ends(story.build()) == [
        ("github:github:run:1", "success", at("05-04 10:09")),
        ("github:github:run:4", "failed_rollout", at("05-06 10:00")),
    ]


def test_a_rerun_keeps_its_start_and_ends_with_the_last_job_of_its_newest_attempt() -> None:
    story = _runs()
    story.run(
        1,
        "a",
        when="05-04 10:00",
        end="05-09 10:00",
        workflow_name="deploy",
        run_attempt=2,
        run_started_at=at("05-04 11:00"),
    )
    for attempt, end in ((1, "05-04 10:10"), (2, "05-04 11:10")):
        story.stage(
            "github__workflow_jobs",
            job_id=attempt,
            repository=CHECKOUT,
            run_id=1,
            run_attempt=attempt,
            status="completed",
            conclusion="success",
            completed_at=at(end),
        )
    (row,) = story.build().rows("select started_at, finished_at from marts.fct_deployments")
    assert (row["started_at"], row["finished_at"]) == (at("05-04 10:00"), at("05-04 11:10"))


def test_releases_are_deployments_of_the_commit_of_their_tag() -> None:
    story = Story()
    story.service("checkout", deployments_from="releases", tag_pattern="^v")
    story.history("ab", start="05-01 10:00")
    for number, (tag, draft, candidate) in enumerate(
        [("v1", False, False), ("v2", True, False), ("v3", False, True), ("notes-1", False, False)], start=1
    ):
        story.stage(
            "github__releases",
            release_id=number,
            repository=CHECKOUT,
            tag_name=tag,
            is_draft=draft,
            is_prerelease=candidate,
            created_at=at("05-01 10:00"),
            published_at=None if draft else at(f"05-0{number} 12:00"),
        )
    story.stage("github__tags", repository=CHECKOUT, tag_name="v1", commit_sha=sha("a"))
    rows = story.build().rows("select deployment_id, commit_sha, is_production from marts.fct_deployments")
    assert [tuple(row.values()) for row in rows] == [
        ("github:github:release:1", sha("a"), True),
        ("github:github:release:3", None, False),
    ]


def test_tags_are_deployments_at_their_own_time_else_at_their_commits() -> None:
    story = Story()
    story.service("checkout", deployments_from="tags", tag_pattern="^v\\d")
    story.history("ab", start="05-01 10:00")
    story.stage(
        "git__tags", repository=CHECKOUT, tag_name="v1", commit_sha=sha("a"), created_at=at("05-02 10:00")
    )
    story.stage("github__tags", repository=CHECKOUT, tag_name="v1", commit_sha=sha("a"))
    story.stage("github__tags", repository=CHECKOUT, tag_name="v2", commit_sha=sha("b"))
    story.stage("github__tags", repository=CHECKOUT, tag_name="nightly", commit_sha=sha("b"))
    assert _ends(story.build()) == [
        ("git:acme/checkout:tag:v1", "success", at("05-02 10:00")),
        ("github:github:tag:acme/checkout:v2", "success", at("05-01 11:00")),
    ]


def test_without_configured_services_every_repository_is_one() -> None:
    story = Story()
    story.stage("github__repositories", repository_id=1, repository=CHECKOUT)
    story.history("ab", start="05-01 10:00")
    story.history("xy", on="acme/library", start="05-01 10:00")
    story.deployment(1, "a", start="05-04 10:00")
    story.stage(
        "git__tags",
        repository="acme/library",
        tag_name="v1",
        commit_sha=sha("x"),
        created_at=at("05-02 10:00"),
    )
    rows = story.build().rows("select service_id, deployment_id from marts.fct_deployments order by 1")
    assert [tuple(row.values()) for row in rows] == [
        ("acme/checkout", "github:github:deployment:1"),
        ("acme/library", "git:acme/library:tag:v1"),
    ]


def _runs() -> Story:
    story = Story()
    story.service("checkout", deployments_from="workflow_runs", workflow_pattern="^deploy$")
    story.history("ab", start="05-01 10:00")
    return story


def _ends(told: Told) -> list[tuple[object, ...]]:
    rows = told.rows("select deployment_id, outcome, finished_at from marts.fct_deployments order by 1")
    return [tuple(row.values()) for row in rows]
