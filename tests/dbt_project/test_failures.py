"""Incidents, hotfixes, rollbacks and what they say of deployments (DEFINITIONS §2.5 to §2.7, rule table)."""

import pytest

from tests.dbt_project.stories import Row, Story, Told, at, sha

INCIDENTS = "acme/incidents"


@pytest.fixture
def story() -> Story:
    """A service with daily deployments 1 to 3 of commits a to c, each an hour after its commit."""
    story = Story()
    story.service("checkout")
    after: tuple[str, ...] = ()
    for number, name in enumerate("abc", start=1):
        story.commit(name, when=f"05-0{number} 09:00", after=after)
        story.deployment(number, name, start=f"05-0{number} 10:00", end=f"05-0{number} 10:30")
        after = (name,)
    return story


def test_2_5_a_failed_rollout_is_in_neither_side_of_the_fail_rate(story: Story) -> None:
    story.commit("d", when="05-04 09:00", after=["c"])
    story.deployment(4, "d", start="05-04 10:00", state="failure")
    story.incident(1, of="checkout", when="05-04 11:00", referenced_deployment_ids=["4"])
    told = story.build()
    assert not told.deployments()[4]["is_change_failure"]
    assert told.value("change_fail_rate", "service:checkout", "2026-05-01")["denominator"] == 3


def test_2_6_an_incident_that_names_a_deployment_links_to_it_explicitly(story: Story) -> None:
    story.incident(
        1, of="checkout", when="05-03 12:00", closed="05-03 13:00", referenced_deployment_ids=["2"]
    )
    told = story.build()
    assert _links(told) == {2: ("explicit", "names_deployment")}
    assert told.deployments()[2]["failure_link"] == "explicit"
    assert told.deployments()[3]["failure_link"] == "none"


def test_2_6_a_part_that_is_named_means_its_deployment(story: Story) -> None:
    story.deployment(4, "c", start="05-03 11:00", end="05-03 11:10")
    story.incident(1, of="checkout", when="05-03 12:00", referenced_deployment_ids=["4"])
    assert _links(story.build()) == {3: ("explicit", "names_deployment")}


def test_2_6_an_incident_that_names_a_commit_links_to_the_deployment_that_brought_it(story: Story) -> None:
    story.incident(1, of="checkout", when="05-03 12:00", mentioned_shas=[sha("b")[:12]])
    assert _links(story.build()) == {2: ("explicit", "names_commit")}


def test_2_6_naming_a_squash_means_the_deployment_that_brought_it(story: Story) -> None:
    story.pull_request(
        7, opened="05-04 09:00", commits=[("own", "05-04 08:00")], merged="05-04 09:30", result="squashed"
    )
    story.commit("squashed", when="05-04 09:30", after=["c"])
    story.deployment(4, "squashed", start="05-04 10:00")
    story.incident(1, of="checkout", when="05-04 12:00", mentioned_shas=[sha("squashed")[:7]])
    assert _links(story.build()) == {4: ("explicit", "names_commit")}


def test_2_6_naming_a_merge_commit_means_the_deployment_that_brought_its_branch(story: Story) -> None:
    story.commit("own", when="05-04 08:00", after=["b"])
    story.pull_request(
        7, opened="05-04 09:00", commits=[("own", "05-04 08:00")], merged="05-04 09:30", result="merge"
    )
    story.commit("merge", when="05-04 09:30", after=["c", "own"])
    story.deployment(4, "merge", start="05-04 10:00")
    story.incident(1, of="checkout", when="05-04 12:00", mentioned_shas=[sha("merge")])
    assert _links(story.build()) == {4: ("explicit", "names_commit")}


def test_2_6_an_incident_that_names_a_pull_request_links_to_its_deployment(story: Story) -> None:
    story.pull_request(
        7, opened="05-04 09:00", commits=[("own", "05-04 08:00")], merged="05-04 09:30", result="squashed"
    )
    story.commit("squashed", when="05-04 09:30", after=["c"])
    story.deployment(4, "squashed", start="05-04 10:00")
    story.incident(1, of="checkout", when="05-04 12:00", mentioned_issues=["acme/checkout#7"])
    assert _links(story.build()) == {4: ("explicit", "names_pull_request")}


def test_2_6_an_incident_that_names_a_release_links_to_it() -> None:
    story = Story()
    story.service("checkout", deployments_from="tags")
    story.history("ab", start="05-01 10:00")
    for name, tag in (("a", "v1"), ("b", "v2")):
        story.stage(
            "git__tags",
            repository="acme/checkout",
            tag_name=tag,
            commit_sha=sha(name),
            created_at=at(f"05-0{tag[1]} 12:00"),
        )
    story.incident(1, of="checkout", when="05-02 13:00", referenced_tags=["acme/checkout@v1"])
    (link,) = story.build().rows("select * from intermediate.int_incident_links")
    assert (link["deployment_id"], link["rule"]) == ("git:acme/checkout:tag:v1", "names_release")


def test_2_6_a_named_release_of_a_service_that_is_deployed_otherwise_means_its_commit(story: Story) -> None:
    story.stage("github__tags", repository="acme/checkout", tag_name="v2", commit_sha=sha("b"))
    story.incident(1, of="checkout", when="05-03 12:00", referenced_tags=["acme/checkout@v2"])
    assert _links(story.build()) == {2: ("explicit", "names_release")}


def test_2_6_a_fix_that_reverts_a_change_names_its_deployment(story: Story) -> None:
    reference = story.incident(1, of="checkout", when="05-03 12:00")
    story.commit(
        "revert", when="05-04 09:00", after=["c"], reverted_shas=[sha("b")], mentioned_issues=[reference]
    )
    story.deployment(4, "revert", start="05-04 10:00")
    assert _links(story.build()) == {2: ("explicit", "fix_reverts")}


def test_2_6_a_fix_that_only_names_the_incident_means_the_deployment_that_it_replaced(story: Story) -> None:
    reference = story.incident(1, of="checkout", when="05-03 12:00")
    story.commit("fix", when="05-04 09:00", after=["c"], mentioned_issues=[reference])
    story.deployment(4, "fix", start="05-04 10:00")
    assert _links(story.build()) == {3: ("explicit", "fix_replaces")}


def test_2_6_what_the_incident_names_is_believed_before_what_its_fix_replaced(story: Story) -> None:
    reference = story.incident(1, of="checkout", when="05-03 12:00", referenced_deployment_ids=["1"])
    story.commit("fix", when="05-04 09:00", after=["c"], mentioned_issues=[reference])
    story.deployment(4, "fix", start="05-04 10:00")
    assert _links(story.build()) == {1: ("explicit", "names_deployment")}


def test_2_6_a_direct_push_that_says_since_when_it_was_broken_means_that_commits_deployment(
    story: Story,
) -> None:
    reference = story.incident(1, of="checkout", when="05-03 12:00")
    story.commit(
        "fix", when="05-04 09:00", after=["c"], mentioned_issues=[reference], mentioned_shas=[sha("b")[:10]]
    )
    story.deployment(4, "fix", start="05-04 10:00")
    assert _links(story.build()) == {2: ("explicit", "fix_names")}


def test_2_6_the_commit_that_a_fix_was_picked_from_is_not_what_it_mends(story: Story) -> None:
    reference = story.incident(1, of="checkout", when="05-03 12:00")
    story.commit(
        "fix",
        when="05-04 09:00",
        after=["c"],
        mentioned_issues=[reference],
        mentioned_shas=[sha("b")],
        cherry_picked_shas=[sha("b")],
    )
    story.deployment(4, "fix", start="05-04 10:00")
    assert _links(story.build()) == {3: ("explicit", "fix_replaces")}


def test_2_6_a_deployment_that_came_after_the_incident_did_not_cause_it(story: Story) -> None:
    """An incident's text also names what mended it."""
    story.incident(1, of="checkout", when="05-02 12:00", referenced_deployment_ids=["2", "3"])
    assert _links(story.build()) == {2: ("explicit", "names_deployment")}


def test_2_6_a_cross_reference_in_the_timeline_is_a_fix_that_names_the_incident(story: Story) -> None:
    story.incident(1, of="checkout", when="05-03 12:00")
    story.pull_request(
        7, opened="05-03 13:00", commits=[("own", "05-03 12:30")], merged="05-03 14:00", result="squashed"
    )
    story.commit("squashed", when="05-03 14:00", after=["c"])
    story.deployment(4, "squashed", start="05-03 15:00")
    story.stage(
        "github__timeline",
        repository=INCIDENTS,
        issue_number=1,
        position=1,
        event="cross-referenced",
        event_at=at("05-03 13:00"),
        cross_reference="acme/checkout#7",
    )
    assert _links(story.build()) == {3: ("explicit", "fix_replaces")}


def test_2_6_without_a_name_the_nearest_deployment_of_the_last_day_is_linked_by_rule(story: Story) -> None:
    story.incident(1, of="checkout", when="05-03 12:00")
    told = story.build()
    assert _links(told) == {3: ("rule", "nearest_within_window")}
    assert told.deployments()[3]["failure_link"] == "rule"
    assert not told.deployments()[3]["is_change_failure_explicit"]


def test_2_6_the_window_begins_at_the_end_of_the_deployment_and_has_configured_hours(story: Story) -> None:
    story.incident(1, of="checkout", when="05-04 10:30")
    story.incident(2, of="checkout", when="05-04 10:31")
    rows = story.build().all("marts.fct_incidents", "number")
    assert (rows[1]["link_strength"], rows[2]["link_strength"]) == ("rule", "none")
    story.rules = {**story.rules, "incident_link_hours": 48}
    assert story.build().all("marts.fct_incidents", "number")[2]["link_strength"] == "rule"


def test_2_6_a_rule_links_to_deployments_of_the_same_service_only(story: Story) -> None:
    story.service("search")
    story.incident(1, of="search", when="05-03 12:00")
    assert _links(story.build()) == {}


def test_2_6_every_incident_has_a_disposition(story: Story) -> None:
    story.incident(1, of="checkout", when="05-03 12:00", referenced_deployment_ids=["2"])
    story.incident(2, of="checkout", when="05-03 12:00")
    rows = story.build().all("marts.fct_incidents", "number")
    assert [rows[number]["disposition"] for number in (1, 2)] == ["caused_by_deployment", "unknown"]


def test_2_7_one_incident_may_name_several_deployments_and_each_is_counted_once(story: Story) -> None:
    story.incident(1, of="checkout", when="05-03 12:00", referenced_deployment_ids=["2", "3", "3"])
    story.incident(2, of="checkout", when="05-03 12:30", referenced_deployment_ids=["3"])
    told = story.build()
    assert told.value("change_fail_rate", "service:checkout", "2026-05-01")["numerator"] == 2


def test_an_incident_below_the_configured_severities_makes_no_failure(story: Story) -> None:
    story.incident(1, of="checkout", when="05-03 12:00", severity="sev4", referenced_deployment_ids=["2"])
    told = story.build()
    assert told.all("marts.fct_incidents", "number")[1]["link_strength"] == "explicit"
    assert not told.deployments()[2]["is_change_failure"]


def test_an_incident_of_two_services_is_linked_by_rule_to_a_deployment_of_each(story: Story) -> None:
    story.service("search")
    story.commit("x", on="acme/search", when="05-03 08:00")
    story.deployment(9, "x", on="acme/search", start="05-03 09:00")
    labels = ["incident", "sev1", "service:checkout", "service:search"]
    story.issue(1, on=INCIDENTS, when="05-03 12:00", labels=labels)
    assert set(_links(story.build())) == {3, 9}


def test_an_incident_in_a_services_own_repository_needs_no_service_label(story: Story) -> None:
    story.issue(1, on="acme/checkout", when="05-03 12:00", labels=["incident", "sev1"])
    assert set(_links(story.build())) == {3}


def test_a_deployment_that_was_rolled_back_is_a_change_failure(story: Story) -> None:
    story.deployment(4, "b", start="05-03 12:00", end="05-03 12:20")
    told = story.build()
    assert told.deployments()[3]["is_change_failure_explicit"]
    assert not told.deployments()[4]["is_change_failure"]
    assert _recovery(told, 3, "explicit")["recovery_seconds"] == 110 * 60


@pytest.mark.parametrize("mark", ["is_hotfix_branch", "is_hotfix_label", "is_hotfix_title"])
def test_a_branch_a_label_or_a_title_makes_a_hotfix(story: Story, mark: str) -> None:
    story.pull_request(
        7,
        opened="05-03 13:00",
        commits=[("own", "05-03 12:30")],
        merged="05-03 14:00",
        result="squashed",
        **{mark: True},
    )
    story.commit("squashed", when="05-03 14:00", after=["c"])
    story.deployment(4, "squashed", start="05-03 15:00")
    deployment = story.build().deployments()[4]
    assert deployment["is_hotfix"]
    assert deployment["is_unplanned"]


def test_a_direct_commit_with_a_hotfix_title_makes_a_hotfix(story: Story) -> None:
    story.commit("fix", when="05-03 13:00", after=["c"], is_hotfix_title=True)
    story.deployment(4, "fix", start="05-03 15:00")
    assert story.build().deployments()[4]["is_hotfix"]


def test_reverting_what_users_got_in_the_last_fourteen_days_makes_a_hotfix(story: Story) -> None:
    story.commit("revert", when="05-16 09:00", after=["c"], reverted_shas=[sha("b")])
    story.deployment(4, "revert", start="05-16 10:00")
    told = story.build()
    assert told.deployments()[4]["is_hotfix"]
    assert told.deployments()[2]["is_change_failure_explicit"]


def test_reverting_what_users_have_had_for_longer_makes_none(story: Story) -> None:
    story.commit("revert", when="05-17 09:00", after=["c"], reverted_shas=[sha("b")])
    story.deployment(4, "revert", start="05-17 10:00")
    told = story.build()
    assert not told.deployments()[4]["is_hotfix"]
    assert not told.deployments()[2]["is_change_failure"]


def test_reverting_what_users_never_had_makes_none(story: Story) -> None:
    story.commit("bad", when="05-04 09:00", after=["c"])
    story.commit("revert", when="05-04 09:30", after=["bad"], reverted_shas=[sha("bad")])
    story.deployment(4, "revert", start="05-04 10:00")
    assert not story.build().deployments()[4]["is_hotfix"]


def test_a_reverted_pull_request_means_its_changes(story: Story) -> None:
    story.pull_request(
        7, opened="05-04 08:30", commits=[("own", "05-04 08:00")], merged="05-04 09:00", result="squashed"
    )
    story.commit("squashed", when="05-04 09:00", after=["c"])
    story.deployment(4, "squashed", start="05-04 10:00")
    story.pull_request(
        8,
        opened="05-04 11:00",
        commits=[("undo", "05-04 11:00")],
        merged="05-04 12:00",
        result="undone",
        reverted_pull_requests=["acme/checkout#7"],
    )
    story.commit("undone", when="05-04 12:00", after=["squashed"])
    story.deployment(5, "undone", start="05-04 13:00")
    told = story.build()
    assert told.deployments()[5]["is_hotfix"]
    assert told.deployments()[4]["is_change_failure_explicit"]


def test_naming_an_incident_that_began_before_makes_a_hotfix(story: Story) -> None:
    reference = story.incident(1, of="checkout", when="05-03 12:00")
    story.commit("fix", when="05-04 09:00", after=["c"], mentioned_issues=[reference])
    story.deployment(4, "fix", start="05-04 10:00")
    assert story.build().deployments()[4]["is_hotfix"]


def test_a_change_that_ran_before_the_incident_that_it_is_named_with_is_no_hotfix(story: Story) -> None:
    """Somebody may write under the guilty pull request which incident it caused."""
    story.commit("guilty", when="05-04 09:00", after=["c"], mentioned_issues=[f"{INCIDENTS}#1"])
    story.deployment(4, "guilty", start="05-04 10:00")
    story.incident(1, of="checkout", when="05-04 12:00")
    assert not story.build().deployments()[4]["is_hotfix"]


def test_what_a_deployment_without_baseline_contains_makes_it_no_hotfix() -> None:
    story = Story()
    story.service("checkout")
    story.commit("old", when="05-01 09:00", is_hotfix_title=True)
    story.deployment(1, "old", start="05-02 10:00")
    assert not story.build().deployments()[1]["is_unplanned"]


def test_a_hotfix_that_names_a_change_makes_its_deployment_a_failure(story: Story) -> None:
    story.pull_request(
        7,
        opened="05-03 13:00",
        commits=[("own", "05-03 12:30")],
        merged="05-03 14:00",
        result="squashed",
        is_hotfix_label=True,
        mentioned_shas=[sha("b")],
    )
    story.commit("squashed", when="05-03 14:00", after=["c"])
    story.deployment(4, "squashed", start="05-03 15:00", end="05-03 15:30")
    told = story.build()
    assert told.deployments()[2]["failure_link"] == "explicit"
    recovery = _recovery(told, 2, "explicit")
    assert (recovery["detected_at"], recovery["restored_at"]) == (at("05-02 10:30"), at("05-03 15:30"))


def test_an_ordinary_change_that_names_another_makes_no_failure(story: Story) -> None:
    story.pull_request(
        7,
        opened="05-03 13:00",
        commits=[("own", "05-03 12:30")],
        merged="05-03 14:00",
        result="squashed",
        mentioned_shas=[sha("b")],
    )
    story.commit("squashed", when="05-03 14:00", after=["c"])
    story.deployment(4, "squashed", start="05-03 15:00")
    assert not story.build().deployments()[2]["is_change_failure"]


def test_mending_a_production_defect_is_unplanned_and_no_hotfix(story: Story) -> None:
    reference = story.issue(5, on="acme/checkout", when="05-03 09:00", labels=["production-defect"])
    story.commit("fix", when="05-04 09:00", after=["c"], mentioned_issues=[reference])
    story.deployment(4, "fix", start="05-04 10:00")
    deployment = story.build().deployments()[4]
    assert (deployment["is_hotfix"], deployment["is_unplanned"]) == (False, True)


def test_recovery_runs_from_the_incidents_start_to_its_resolution(story: Story) -> None:
    story.incident(
        1, of="checkout", when="05-03 12:00", closed="05-03 14:30", referenced_deployment_ids=["3"]
    )
    for basis in ("explicit", "any"):
        row = _recovery(story.build(), 3, basis)
        assert (row["state"], row["recovery_seconds"]) == ("restored", 9000)


def test_a_failure_of_several_incidents_lasts_from_the_first_to_the_last(story: Story) -> None:
    for number, start, end in ((1, "05-03 12:00", "05-03 13:00"), (2, "05-03 12:30", "05-03 15:00")):
        story.incident(number, of="checkout", when=start, closed=end, referenced_deployment_ids=["3"])
    assert _recovery(story.build(), 3, "any")["recovery_seconds"] == 3 * 3600


def test_an_open_failure_is_counted_as_open_and_not_dropped(story: Story) -> None:
    story.incident(1, of="checkout", when="05-03 12:00", referenced_deployment_ids=["3"])
    told = story.build()
    row = _recovery(told, 3, "any")
    assert (row["state"], row["is_open"], row["recovery_seconds"]) == ("open", True, None)
    assert told.value("open_failed_deployments", "service:checkout", "2026-05-01")["value"] == 1
    assert told.value("failed_deployment_recovery_time", "service:checkout", "2026-05-01")["n"] == 0


def test_the_explicit_basis_leaves_out_what_only_the_rule_links(story: Story) -> None:
    story.incident(1, of="checkout", when="05-03 12:00", closed="05-03 14:00")
    story.deployment(4, "b", start="05-03 12:30", end="05-03 12:40")
    told = story.build()
    assert _recovery(told, 3, "explicit")["recovery_seconds"] == 130 * 60
    assert _recovery(told, 3, "any")["recovery_seconds"] == 2 * 3600


def test_2_12_a_restoration_before_its_detection_is_excluded(story: Story) -> None:
    story.incident(
        1, of="checkout", when="05-03 12:00", closed="05-03 11:00", referenced_deployment_ids=["3"]
    )
    row = _recovery(story.build(), 3, "any")
    assert (row["state"], row["recovery_seconds"]) == ("excluded", None)


def _links(told: Told) -> dict[int, tuple[str, str]]:
    rows = told.rows("select * from intermediate.int_incident_links")
    return {int(row["deployment_id"].split(":")[3]): (row["link_strength"], row["rule"]) for row in rows}


def _recovery(told: Told, deployment: int, basis: str) -> Row:
    (row,) = told.rows(
        "select * from marts.fct_change_failures where deployment_id = $1 and link_basis = $2",
        f"github:github:deployment:{deployment}",
        basis,
    )
    return row
