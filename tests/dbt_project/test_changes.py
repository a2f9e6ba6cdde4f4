"""Changes: what one is, whose it is, when it was committed, and its lead time (DEFINITIONS §2)."""

import pytest

from tests.dbt_project.stories import Row, Story, Told, at, sha

HOUR = 3600


@pytest.fixture
def story() -> Story:
    """A service that runs commit `base` since May 2nd."""
    story = Story()
    story.service("checkout")
    story.commit("base", when="05-01 10:00")
    story.deployment(1, "base", start="05-02 10:00")
    return story


def test_lead_time_runs_from_the_commit_to_the_end_of_its_first_deployment(story: Story) -> None:
    story.commit("a", when="05-03 10:00", after=["base"])
    story.deployment(2, "a", start="05-03 11:00", end="05-03 12:30")
    story.deployment(3, "a", start="05-08 11:00")
    change = story.build().changes("a")["a"]
    assert change["deployment_id"] == "github:github:deployment:2"
    assert change["lead_time_seconds"] == 2.5 * HOUR


def test_2_9_what_the_first_known_deployment_carries_has_no_baseline(story: Story) -> None:
    change = story.build().changes("base")["base"]
    assert (change["state"], change["exclusion_reason"]) == ("excluded", "no_baseline")
    assert change["lead_time_seconds"] is None


def test_2_10_a_squash_counts_as_the_commits_that_it_squashed(story: Story) -> None:
    own = [("own1", "05-03 10:00"), ("own2", "05-03 12:00")]
    story.pull_request(7, opened="05-03 12:30", commits=own, merged="05-03 14:00", result="squashed")
    story.commit("squashed", when="05-03 14:00", after=["base"])
    story.deployment(2, "squashed", start="05-03 16:00")
    changes = story.build().changes("own1", "own2", "squashed", "base")
    assert set(changes) == {"own1", "own2", "base"}
    assert changes["own1"]["lead_time_seconds"] == 6 * HOUR
    assert changes["own2"]["lead_time_seconds"] == 4 * HOUR


def test_2_10_a_rebase_counts_each_commit_once_and_not_its_copy(story: Story) -> None:
    own = [("own1", "05-03 10:00"), ("own2", "05-03 12:00")]
    story.pull_request(7, opened="05-03 12:30", commits=own, merged="05-03 14:00", result="copy2")
    story.commit("copy1", when="05-03 14:00", authored="05-03 10:00", after=["base"])
    story.commit("copy2", when="05-03 14:00", authored="05-03 12:00", after=["copy1"])
    story.deployment(2, "copy2", start="05-03 16:00")
    told = story.build()
    assert set(told.changes("own1", "own2", "copy1", "copy2", "base")) == {"own1", "own2", "base"}
    assert _merge_kinds(told) == {7: "rebase"}


def test_2_10_a_rebased_change_is_deployed_with_its_own_copy(story: Story) -> None:
    own = [("own1", "05-03 10:00"), ("own2", "05-03 12:00")]
    story.pull_request(7, opened="05-03 12:30", commits=own, merged="05-03 14:00", result="copy2")
    story.commit("copy1", when="05-03 14:00", authored="05-03 10:00", after=["base"])
    story.commit("copy2", when="05-03 14:00", authored="05-03 12:00", after=["copy1"])
    story.deployment(2, "copy1", start="05-03 16:00")
    changes = story.build().changes("own1", "own2")
    assert changes["own1"]["state"] == "deployed"
    assert changes["own2"]["state"] == "waiting"


def test_2_10_a_merge_commit_is_no_change_and_its_branch_is(story: Story) -> None:
    story.commit("own1", when="05-03 10:00", after=["base"])
    story.pull_request(
        7, opened="05-03 12:30", commits=[("own1", "05-03 10:00")], merged="05-03 14:00", result="merge"
    )
    story.commit("merge", when="05-03 14:00", after=["base", "own1"])
    story.deployment(2, "merge", start="05-03 16:00")
    told = story.build()
    changes = told.changes("own1", "merge", "base")
    assert set(changes) == {"own1", "base"}
    assert changes["own1"]["pull_request_id"] is not None
    assert _merge_kinds(told) == {7: "merge"}


def test_2_10_the_timelines_merged_commit_is_believed_before_a_stale_merge_commit(story: Story) -> None:
    story.pull_request(
        7,
        opened="05-03 12:30",
        commits=[("own1", "05-03 10:00")],
        merged="05-03 14:00",
        result="squashed",
        merge_commit_sha="stale",
    )
    story.commit("squashed", when="05-03 14:00", after=["base"])
    story.deployment(2, "squashed", start="05-03 16:00")
    told = story.build()
    assert told.changes("own1")["own1"]["state"] == "deployed"
    (result,) = told.rows("select result_basis from intermediate.int_pull_request_results")
    assert result["result_basis"] == "timeline"


def test_2_10_without_a_timeline_the_merge_commit_is_taken(story: Story) -> None:
    story.pull_request(
        7,
        opened="05-03 12:30",
        commits=[("own1", "05-03 10:00")],
        merged="05-03 14:00",
        merge_commit_sha="squashed",
    )
    story.commit("squashed", when="05-03 14:00", after=["base"])
    story.deployment(2, "squashed", start="05-03 16:00")
    assert story.build().changes("own1")["own1"]["state"] == "deployed"


def test_2_10_merges_of_the_main_branch_into_a_pull_request_are_no_changes(story: Story) -> None:
    own = [("own1", "05-03 10:00")]
    story.pull_request(7, opened="05-03 12:30", commits=own, merged="05-03 14:00", result="squashed")
    story.own_commit(7, "update", when="05-03 13:00", position=2, parent_count=2)
    story.commit("squashed", when="05-03 14:00", after=["base"])
    assert set(story.build().changes("own1", "update", "base")) == {"own1", "base"}


def test_2_10_a_commit_that_two_pull_requests_carry_is_one_change(story: Story) -> None:
    own = [("own1", "05-03 10:00")]
    more = [*own, ("own2", "05-03 11:00")]
    story.pull_request(7, opened="05-03 12:00", commits=own, merged="05-03 14:00", result="first")
    story.pull_request(8, opened="05-03 12:00", commits=more, merged="05-03 15:00", result="second")
    story.commit("first", when="05-03 14:00", after=["base"])
    story.commit("second", when="05-03 15:00", after=["first"])
    story.deployment(2, "first", start="05-03 14:30")
    story.deployment(3, "second", start="05-03 16:00")
    changes = story.build().changes("own1", "own2", "base")
    assert set(changes) == {"own1", "own2", "base"}
    assert changes["own1"]["deployment_id"] == "github:github:deployment:2"


def test_2_10_a_pull_request_merged_into_anothers_branch_is_counted_once(story: Story) -> None:
    story.pull_request(
        7,
        opened="05-03 10:30",
        commits=[("inner", "05-03 10:00")],
        merged="05-03 11:00",
        result="inner-squash",
    )
    story.commit("inner-squash", when="05-03 11:00", after=["base"])
    story.pull_request(
        8,
        opened="05-03 12:00",
        commits=[("inner-squash", "05-03 11:00"), ("outer", "05-03 12:00")],
        merged="05-03 14:00",
        result="squashed",
    )
    story.commit("squashed", when="05-03 14:00", after=["base"])
    story.deployment(2, "squashed", start="05-03 16:00")
    changes = story.build().changes("inner", "inner-squash", "outer", "base")
    assert set(changes) == {"inner", "outer", "base"}
    assert {changes[name]["state"] for name in ("inner", "outer")} == {"deployed"}


def test_2_10_a_squash_whose_own_commits_are_not_listed_is_the_change_itself(story: Story) -> None:
    story.pull_request(7, opened="05-03 12:30", commits=[], merged="05-03 14:00", result="squashed")
    story.commit("squashed", when="05-03 14:00", after=["base"])
    change = story.build().changes("squashed")["squashed"]
    assert change["state"] == "waiting"
    assert change["pull_request_id"] is not None


def test_2_10_committed_is_the_first_check_of_the_commit(story: Story) -> None:
    story.commit("a", when="05-03 10:00", after=["base"])
    story.run(1, "a", when="05-03 10:20")
    story.run(2, "a", when="05-03 10:10")
    change = story.build().changes("a")["a"]
    assert change["committed_at"] == at("05-03 10:10")
    assert not change["is_committed_at_author_settable"]


def test_2_10_a_check_of_a_later_head_shows_the_commits_before_it(story: Story) -> None:
    own = [("own1", "05-03 10:00"), ("own2", "05-03 11:00"), ("own3", "05-03 12:00")]
    story.pull_request(7, opened="05-03 12:30", commits=own, merged="05-03 14:00", result="squashed")
    story.commit("squashed", when="05-03 14:00", after=["base"])
    story.run(1, "own2", when="05-03 11:30", event="pull_request")
    changes = story.build().changes("own1", "own2", "own3")
    assert changes["own1"]["committed_at"] == at("05-03 11:30")
    assert changes["own2"]["committed_at"] == at("05-03 11:30")
    assert changes["own3"]["committed_at"] == at("05-03 12:00")
    assert changes["own3"]["is_committed_at_author_settable"]


def test_2_10_a_run_that_somebody_starts_by_hand_says_nothing_of_the_push(story: Story) -> None:
    story.commit("a", when="05-03 10:00", after=["base"])
    story.run(1, "a", when="05-06 10:00", event="workflow_dispatch")
    assert story.build().changes("a")["a"]["committed_at"] == at("05-03 10:00")


def test_2_10_a_rollback_brings_no_new_change(story: Story) -> None:
    story.commit("a", when="05-03 10:00", after=["base"])
    story.deployment(2, "a", start="05-03 12:00")
    story.deployment(3, "base", start="05-04 12:00")
    deployments = {row["deployment_id"] for row in story.build().changes("a", "base").values()}
    assert "github:github:deployment:3" not in deployments


def test_2_11_a_service_of_a_monorepo_has_the_changes_that_touch_its_paths() -> None:
    story = _monorepo()
    story.commit("search", on="acme/mono", when="05-03 10:00", after=["base"], paths=["search/a/b.py"])
    story.commit("both", on="acme/mono", when="05-03 11:00", after=["search"], paths=["search/x", "basket/y"])
    story.commit("shared", on="acme/mono", when="05-03 12:00", after=["both"], paths=["README.md"])
    story.deployment(2, "shared", on="acme/mono", start="05-04 10:00", task="deploy:search")
    told = story.build()
    names = ("search", "both", "shared", "base")
    assert set(told.changes(*names, service="search")) == {"search", "both", "base"}
    assert set(told.changes(*names, service="basket")) == {"both"}
    assert told.changes(*names, service="basket")["both"]["state"] == "waiting"
    (unowned,) = told.rows("select * from marts.fct_changes where service_id is null")
    assert (unowned["commit_sha"], unowned["exclusion_reason"]) == (sha("shared"), "no_service")


def test_2_11_a_deployments_changes_are_those_that_touch_its_services_paths() -> None:
    story = _monorepo()
    story.commit("basket", on="acme/mono", when="05-03 10:00", after=["base"], paths=["basket/y"])
    story.commit("search", on="acme/mono", when="05-03 11:00", after=["basket"], paths=["search/x"])
    story.deployment(2, "search", on="acme/mono", start="05-04 10:00", task="deploy:search")
    told = story.build()
    brought = told.rows("select service_id, commit_sha from marts.fct_changes where state = 'deployed'")
    assert [(row["service_id"], row["commit_sha"]) for row in brought] == [("search", sha("search"))]


def test_2_11_what_is_mended_beside_a_services_paths_makes_its_deployment_no_hotfix() -> None:
    story = _monorepo()
    story.commit(
        "fix", on="acme/mono", when="05-03 10:00", after=["base"], paths=["basket/y"], is_hotfix_title=True
    )
    story.deployment(2, "fix", on="acme/mono", start="05-04 10:00", task="deploy:search")
    deployment = story.build().deployments()[2]
    assert not deployment["is_hotfix"]
    assert not deployment["is_unplanned"]


def test_2_11_a_squashed_commit_touches_the_paths_of_its_squash() -> None:
    story = _monorepo()
    story.pull_request(
        7,
        on="acme/mono",
        opened="05-03 10:00",
        commits=[("own", "05-03 10:00")],
        merged="05-03 11:00",
        result="squashed",
    )
    story.commit("squashed", on="acme/mono", when="05-03 11:00", after=["base"], paths=["basket/y"])
    assert set(story.build().changes("own", service="basket")) == {"own"}


def test_2_11_where_the_paths_are_not_known_the_change_is_excluded_with_that_reason() -> None:
    story = _monorepo()
    story.commit("served", on="acme/mono", when="05-03 10:00", after=["base"], paths=None)
    changes = story.build().rows("select * from marts.fct_changes where commit_sha = $1", sha("served"))
    assert {(row["service_id"], row["exclusion_reason"]) for row in changes} == {
        ("search", "paths_unknown"),
        ("basket", "paths_unknown"),
    }


@pytest.mark.parametrize(
    ("pattern", "path", "is_match"),
    [
        ("services/search/**", "services/search/a/b.py", True),
        ("services/search/**", "services/searching/a", False),
        ("services/search/", "services/search/a/b.py", True),
        ("**/search/*.py", "services/search/a.py", True),
        ("**/search/*.py", "search/a.py", True),
        ("**/search/*.py", "search/deep/a.py", False),
        ("*.md", "docs/a.md", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("a.c", "abc", False),
    ],
)
def test_2_11_path_patterns_are_globs(pattern: str, path: str, *, is_match: bool) -> None:
    story = Story()
    story.service("one", "acme/mono", paths=[pattern])
    story.service("two", "acme/mono", paths=["elsewhere/**"])
    story.commit("a", on="acme/mono", when="05-03 10:00", paths=[path])
    (change,) = story.build().changes("a").values()
    assert change["service_id"] == ("one" if is_match else None)


def test_2_12_a_negative_duration_is_a_fault_that_is_kept_out_and_counted(story: Story) -> None:
    story.commit("future", when="05-09 10:00", after=["base"])
    story.deployment(2, "future", start="05-03 12:00")
    change = story.build().changes("future")["future"]
    assert (change["state"], change["exclusion_reason"]) == ("excluded", "negative_duration")
    assert change["lead_time_seconds"] is None


def test_every_change_is_deployed_waiting_or_excluded(story: Story) -> None:
    story.commit("a", when="05-03 10:00", after=["base"])
    story.deployment(2, "a", start="05-03 12:00")
    story.commit("b", when="05-04 10:00", after=["a"])
    story.pull_request(9, opened="05-05 10:00", commits=[("draft", "05-05 09:00")])
    story.commit("draft", when="05-05 09:00", after=["a"])
    story.pull_request(
        10, opened="05-05 10:00", commits=[("lost", "05-05 09:00")], merged="05-05 12:00", result="nowhere"
    )
    states = {
        name: (row["state"], row["exclusion_reason"])
        for name, row in story.build().changes("base", "a", "b", "draft", "lost").items()
    }
    assert states == {
        "base": ("excluded", "no_baseline"),
        "a": ("deployed", None),
        "b": ("waiting", None),
        "draft": ("excluded", "not_merged"),
        "lost": ("excluded", "merge_result_unknown"),
    }


def test_the_parts_of_the_lead_time_sum_to_the_whole(story: Story) -> None:
    own = [("early", "05-03 08:00"), ("late", "05-03 13:00")]
    story.pull_request(7, opened="05-03 10:00", commits=own, merged="05-03 16:00", result="squashed")
    story.review(7, when="05-03 12:00")
    story.commit("squashed", when="05-03 16:00", after=["base"])
    story.deployment(2, "squashed", start="05-03 20:00")
    changes = story.build().changes("early", "late")
    assert _parts(changes["early"]) == [2 * HOUR, 2 * HOUR, 4 * HOUR, 4 * HOUR, 0]
    assert _parts(changes["late"]) == [None, None, 3 * HOUR, 4 * HOUR, 0]
    for change in changes.values():
        assert sum(part or 0 for part in _parts(change)) == (change["lead_time_seconds"] or 0)


def test_2_4_an_unreviewed_change_has_no_pickup_and_the_rest_is_unattributed(story: Story) -> None:
    own = [("own", "05-03 08:00")]
    story.pull_request(7, opened="05-03 10:00", commits=own, merged="05-03 16:00", result="squashed")
    story.commit("squashed", when="05-03 16:00", after=["base"])
    story.deployment(2, "squashed", start="05-03 20:00")
    assert _parts(story.build().changes("own")["own"]) == [2 * HOUR, None, None, 4 * HOUR, 6 * HOUR]


@pytest.mark.parametrize(
    ("states", "first_review"),
    [(("COMMENTED", "APPROVED"), "05-03 13:00"), (("COMMENTED",), None)],
    ids=["approved", "only commented"],
)
def test_2_13_of_two_deleted_accounts_only_an_approval_or_a_refusal_is_certainly_anothers(
    story: Story, states: tuple[str, ...], first_review: str | None
) -> None:
    story.pull_request(
        7,
        opened="05-03 10:00",
        commits=[("own", "05-03 09:00")],
        merged="05-03 14:00",
        result="c",
        author_token=None,
    )
    for hour, state in enumerate(states, start=12):
        story.review(7, when=f"05-03 {hour}:00", by=None, state=state)
    (row,) = story.build().rows("from marts.fct_pull_requests")
    assert row["first_review_at"] == (at(first_review) if first_review else None)
    (reviewed,) = story.build().rows("from intermediate.int_pull_request_reviews")
    assert reviewed["first_review_at"] == row["first_review_at"]
    assert reviewed["review_round_count"] == (1 if first_review else 0)


def test_2_13_a_bots_review_and_the_authors_own_are_no_first_review(story: Story) -> None:
    own = [("own", "05-03 08:00")]
    key = story.pull_request(7, opened="05-03 10:00", commits=own, merged="05-03 16:00", result="squashed")
    story.review(7, when="05-03 10:10", by="p_bot", is_bot=True)
    story.review(7, when="05-03 10:20", by="p_author")
    story.review(7, when="05-03 12:00", by="p_reviewer")
    story.commit("squashed", when="05-03 16:00", after=["base"])
    told = story.build()
    pull_request = told.all("marts.fct_pull_requests", "pull_request_id")[key]
    assert pull_request["first_review_at"] == at("05-03 12:00")
    assert pull_request["review_count"] == 1
    assert len(told.rows("select * from marts.fct_reviews")) == 3


def test_a_change_of_a_pull_request_carries_the_records_that_make_it(story: Story) -> None:
    own = [("own", "05-03 08:00")]
    story.pull_request(7, opened="05-03 10:00", commits=own, merged="05-03 16:00", result="squashed")
    story.commit("squashed", when="05-03 16:00", after=["base"])
    story.run(1, "own", when="05-03 08:01")
    story.deployment(2, "squashed", start="05-03 20:00")
    told = story.build()
    change = told.changes("own")["own"]
    (deployment,) = told.rows(
        "select record_ids from marts.fct_deployments where deployment_id = $1", change["deployment_id"]
    )
    tables = {
        table: {row["record_id"] for row in rows} & set(change["record_ids"])
        for table, rows in story.staged.items()
    }
    assert {table for table, found in tables.items() if found} == {
        "stg_git__commits",
        "stg_github__deployments",
        "stg_github__deployment_statuses",
        "stg_github__pull_request_commits",
        "stg_github__workflow_runs",
    }
    assert set(deployment["record_ids"]) < set(change["record_ids"])


def test_pull_request_lead_time_runs_from_the_first_commit_to_the_merges_deployment(story: Story) -> None:
    own = [("own1", "05-03 08:00"), ("own2", "05-03 09:00")]
    key = story.pull_request(7, opened="05-03 10:00", commits=own, merged="05-03 16:00", result="squashed")
    story.commit("squashed", when="05-03 16:00", after=["base"])
    story.deployment(2, "squashed", start="05-03 20:00")
    row = story.build().all("marts.fct_pull_requests", "pull_request_id")[key]
    assert (row["lead_time_seconds"], row["cycle_seconds"]) == (12 * HOUR, 6 * HOUR)
    assert (row["delivery_state"], row["change_count"]) == ("deployed", 2)


def test_a_pull_request_that_touches_two_services_is_one_row_for_each() -> None:
    story = _monorepo()
    story.pull_request(
        7,
        on="acme/mono",
        opened="05-03 10:00",
        commits=[("own", "05-03 10:00")],
        merged="05-03 11:00",
        result="squashed",
    )
    story.commit(
        "squashed", on="acme/mono", when="05-03 11:00", after=["base"], paths=["search/a", "basket/b"]
    )
    rows = story.build().rows("select service_id from marts.fct_pull_requests order by 1")
    assert [row["service_id"] for row in rows] == ["basket", "search"]


def _monorepo() -> Story:
    story = Story()
    for name in ("search", "basket"):
        story.service(name, "acme/mono", paths=[f"{name}/**"], task_pattern=f"^deploy:{name}$")
    story.commit("base", on="acme/mono", when="05-01 10:00", paths=["search/base"])
    story.deployment(1, "base", on="acme/mono", start="05-02 10:00", task="deploy:search")
    return story


def _parts(change: Row) -> list[int | None]:
    names = ("coding", "pickup", "review", "merge_to_deploy", "unattributed")
    return [change[f"{name}_seconds"] for name in names]


def _merge_kinds(told: Told) -> dict[int, str]:
    rows = told.rows("select number, merge_kind from intermediate.int_pull_request_results")
    return {row["number"]: row["merge_kind"] for row in rows}
