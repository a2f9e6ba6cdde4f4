"""Incidents of every tool make deployments failures: each once, with all its references. DEFINITIONS §2.6."""

import pytest

from tests.dbt_project.incident_stories import (
    CHECKOUT,
    ISSUES,
    MAY,
    PAGED,
    daily,
    failed,
    incidents,
    links,
    note,
    page,
    pull_request,
    recovery,
    tracked,
)
from tests.dbt_project.stories import Row, at, sha
from tests.dbt_project.work_stories import WorkStory


@pytest.fixture
def work() -> WorkStory:
    return daily()


def test_an_incident_that_only_pagerduty_knows_makes_the_deployment_before_it_a_failure(
    work: WorkStory,
) -> None:
    page(work, 1, status="resolved", resolved_at=work.when("05-03 14:00"))
    told = work.build()
    assert links(told) == {(f"{PAGED}Q1", 3): ("rule", "nearest_within_window")}
    assert told.value("change_fail_rate", CHECKOUT, MAY)["numerator"] == 1
    assert recovery(told, 3)["recovery_seconds"] == 2 * 3600
    assert told.value("failure_incidents", CHECKOUT, MAY)["value"] == 1


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        ({"referenced_deployment_ids": ["2"]}, "names_deployment"),
        ({"mentioned_shas": [sha("b")[:10]]}, "names_commit"),
    ],
)
def test_2_6_what_a_note_in_pagerduty_names_is_linked_explicitly(
    work: WorkStory, names: dict[str, list[str]], rule: str
) -> None:
    page(work, 1)
    note(work, 1, **names)
    told = work.build()
    assert links(told) == {(f"{PAGED}Q1", 2): ("explicit", rule)}
    assert failed(told) == {2: "explicit"}


def test_2_6_what_a_note_names_of_an_incident_merged_into_another_that_one_names(work: WorkStory) -> None:
    page(work, 1)
    page(work, 2, merged_into_incident_id="Q1", status="resolved")
    note(work, 2, referenced_deployment_ids=["2"])
    told = work.build()
    assert links(told) == {(f"{PAGED}Q1", 2): ("explicit", "names_deployment")}
    assert list(incidents(told)) == [f"{PAGED}Q1"]


def test_2_6_an_incident_that_somebody_was_paged_for_names_what_its_issue_names(work: WorkStory) -> None:
    pull_request(work)
    page(work, 1, "05-04 12:00")
    work.incident(5, of="checkout", when="05-04 12:20", mentioned_issues=["acme/checkout#7"])
    told = work.build()
    assert links(told) == {(f"{PAGED}Q1", 4): ("explicit", "names_pull_request")}
    (found,) = incidents(told).values()
    assert (found["repository"], found["number"], found["reference"]) == (ISSUES, 5, "PagerDuty #1")
    assert found["source_kinds"] == ["github", "pagerduty"]
    assert found["telling_ids"][0] == f"{PAGED}Q1"
    assert (found["started_at"], found["severity"]) == (at("05-04 12:00"), "sev1")
    assert told.value("failure_incidents", CHECKOUT, MAY)["value"] == 1


def test_an_issue_that_names_two_services_tells_of_both_incidents_that_somebody_was_paged_for(
    work: WorkStory,
) -> None:
    page(work, 1)
    page(work, 2, of="search")
    labels = ["incident", "sev1", "service:checkout", "service:search"]
    work.issue(5, on=ISSUES, when="05-03 12:00", labels=labels, referenced_deployment_ids=["2"])
    told = work.build()
    assert set(links(told)) == {(f"{PAGED}Q1", 2), (f"{PAGED}Q2", 2)}
    found = {key: row["service_ids"] for key, row in incidents(told).items()}
    assert found == {f"{PAGED}Q1": ["checkout"], f"{PAGED}Q2": ["search"]}


def test_an_issue_that_names_two_services_of_which_one_was_paged_for_is_that_incident(
    work: WorkStory,
) -> None:
    page(work, 2, of="search")
    labels = ["incident", "sev1", "service:checkout", "service:search"]
    work.issue(5, on=ISSUES, when="05-03 12:00", labels=labels)
    told = work.build()
    assert {key: row["service_ids"] for key, row in incidents(told).items()} == {
        f"{PAGED}Q2": ["search", "checkout"]
    }
    assert set(links(told)) == {(f"{PAGED}Q2", 3)}


def test_what_is_the_same_as_a_telling_of_a_third_tool_is_the_same_as_that_one(work: WorkStory) -> None:
    page(work, 1, "05-03 12:00")
    tracked(work, 1, "05-03 12:50")
    work.incident(5, of="checkout", when="05-03 13:40", referenced_deployment_ids=["1"])
    told = work.build()
    assert links(told) == {(f"{PAGED}Q1", 1): ("explicit", "names_deployment")}
    same = {
        row["source_kind"]: row["same_as_incident_id"]
        for row in told.all("marts.fct_incident_response", "incident_id").values()
    }
    assert same == {"pagerduty": None, "jira": f"{PAGED}Q1", "github": f"{PAGED}Q1"}


@pytest.mark.parametrize(
    ("priority", "pattern", "is_failure"),
    [
        ("P3", "^sev[123]$", True),
        ("P4", "^sev[123]$", False),
        ("Sometime", "^sev[123]$", False),
        ("Sometime", "^(sev[123]|unknown)$", True),
        ("Sometime", "^Sometime$", True),
        ("P4", None, True),
    ],
)
def test_an_incident_counts_by_the_severity_that_its_word_means_or_by_the_word(
    work: WorkStory, priority: str, pattern: str | None, *, is_failure: bool
) -> None:
    work.rules = {**work.rules, "incident_severity_pattern": pattern}
    page(work, 1, priority=priority)
    told = work.build()
    assert bool(failed(told)) == is_failure
    assert told.value("failure_incidents", CHECKOUT, MAY)["value"] == int(is_failure)


def test_a_tool_that_says_nothing_of_severity_leaves_it_to_the_next(work: WorkStory) -> None:
    row: Row = {"incident_id": "r1", "service": "checkout", "opened_at": work.when("05-03 12:00")}
    work.stage("push__incidents", **row)
    tracked(work, 1, priority_name="Highest")
    (found,) = incidents(work.build()).values()
    assert (found["source_kind"], found["severity"], found["is_severity_configured"]) == (
        "push",
        "sev1",
        True,
    )


def test_an_incident_begins_with_the_impact_where_a_tool_says_when(work: WorkStory) -> None:
    page(work, 1, "05-03 12:10", status="resolved", resolved_at=work.when("05-03 14:00"))
    row: Row = {"incident_id": "D", "is_test": False, "state": "active", "service_names": ["checkout"]}
    row |= {"severity": "SEV-2", "created_at": work.when("05-03 12:15")}
    work.stage("datadog__incidents", **row, customer_impact_started_at=work.when("05-03 12:00"))
    told = work.build()
    found = recovery(told, 3)
    assert (found["detected_at"], found["recovery_seconds"]) == (at("05-03 12:00"), 2 * 3600)
    assert incidents(told)[f"{PAGED}Q1"]["declared_at"] == at("05-03 12:10")


def test_an_incident_that_only_jira_knows_lasts_until_it_is_done(work: WorkStory) -> None:
    key = tracked(work, 1, through=[("05-03 12:10", 2), ("05-03 15:00", 4)])
    told = work.build()
    assert links(told) == {(key, 3): ("rule", "nearest_within_window")}
    assert recovery(told, 3)["recovery_seconds"] == 3 * 3600
    assert incidents(told)[key]["reference"] == "OPS-1"


@pytest.mark.parametrize(
    ("names", "rule"),
    [
        ({"referenced_deployment_ids": ["2"]}, "names_deployment"),
        ({"mentioned_shas": [sha("b")]}, "names_commit"),
        ({"referenced_tags": ["acme/checkout@v2"]}, "names_release"),
        ({"causing_issue_keys": ["SHOP-8"]}, "names_work_item"),
    ],
)
def test_2_6_what_an_incident_of_jira_names_is_linked_explicitly(
    work: WorkStory, names: dict[str, list[str]], rule: str
) -> None:
    work.stage("github__tags", repository="acme/checkout", tag_name="v2", commit_sha=sha("b"))
    (brought,) = (row for row in work.staged["stg_git__commits"] if row["commit_sha"] == sha("b"))
    brought["mentioned_keys"] = ["SHOP-8", "UTF-8"]
    key = tracked(work, 1, **names)
    assert links(work.build()) == {(key, 2): ("explicit", rule)}


def test_2_6_an_incident_of_jira_that_names_a_pull_request_is_linked_to_its_deployment(
    work: WorkStory,
) -> None:
    pull_request(work)
    key = tracked(work, 1, "05-04 12:00", mentioned_issues=["acme/checkout#7"])
    assert links(work.build()) == {(key, 4): ("explicit", "names_pull_request")}


def test_a_story_of_jira_and_a_deleted_incident_are_no_incidents(work: WorkStory) -> None:
    tracked(work, 1, issue_type_name="Story")
    tracked(work, 2, is_deleted=True)
    assert incidents(work.build()) == {}


@pytest.mark.parametrize("named", ["2", "github:github:deployment:2"])
def test_2_6_a_reported_incident_names_a_deployment_by_its_own_tools_id_or_by_ours(
    work: WorkStory, named: str
) -> None:
    row: Row = {"incident_id": "r1", "service": "checkout", "severity": "high"}
    row |= {"opened_at": work.when("05-03 12:00"), "caused_by_deployment_id": named}
    work.stage("push__incidents", **row)
    assert links(work.build()) == {("push:push:incident:r1", 2): ("explicit", "names_deployment")}


@pytest.mark.parametrize("table", ["push__incidents", "drops__incidents"])
@pytest.mark.parametrize(
    ("names", "deployment", "rule"),
    [
        ({"caused_by_commit_sha": sha("b")[:9]}, 2, "names_commit"),
        ({"caused_by_pull_request": "acme/checkout#7"}, 4, "names_pull_request"),
        ({"caused_by_deployment_id": "1"}, 1, "names_deployment"),
    ],
)
def test_2_6_a_reported_or_dropped_incident_names_its_cause_in_fields(
    work: WorkStory, table: str, names: Row, deployment: int, rule: str
) -> None:
    pull_request(work)
    row: Row = {"service": "checkout", "severity": "high", "opened_at": work.when("05-04 12:00")}
    name = {"incident_id": "r1"} if table.startswith("push") else {"incident_key": "r1", "drop_name": "calls"}
    work.stage(table, **row, **name, **names)
    (found,) = links(work.build()).items()
    assert (found[0][1], found[1]) == (deployment, ("explicit", rule))


def test_2_6_a_dropped_incident_names_a_dropped_deployment_by_its_key(work: WorkStory) -> None:
    work.service("till", deployments_from="reported", environment_pattern="^production$")
    row: Row = {"service": "till", "environment": "production", "status": "success"}
    row |= {"commit_sha": sha("x"), "started_at": work.when("05-03 10:00")}
    row |= {"finished_at": work.when("05-03 10:30"), "drop_name": "rollouts"}
    work.stage("drops__deployments", deployment_key='["r-7"]', **row)
    incident: Row = {"service": "till", "severity": "high", "opened_at": work.when("05-05 12:00")}
    incident |= {"drop_name": "calls", "incident_key": '["c-1"]', "caused_by_deployment_id": "r-7"}
    work.stage("drops__incidents", **incident)
    (link,) = work.build().rows("select deployment_id, rule from intermediate.int_incident_links")
    assert link == {
        "deployment_id": 'drops:drops:deployment:rollouts:["r-7"]',
        "rule": "names_deployment",
    }


def test_2_6_what_the_texts_of_datadog_name_is_linked_explicitly(work: WorkStory) -> None:
    row: Row = {"incident_id": "D", "is_test": False, "state": "active", "service_names": ["checkout"]}
    work.stage(
        "datadog__incidents", **row, public_id=3, severity="SEV-2", created_at=work.when("05-03 12:00")
    )
    nothing = {"mentioned_shas": [], "mentioned_issues": [], "referenced_tags": []}
    work.stage("datadog__incidents__references", incident_id="D", referenced_deployment_ids=["2"], **nothing)
    told = work.build()
    assert links(told) == {("datadog:datadog:incident:D", 2): ("explicit", "names_deployment")}
    (found,) = incidents(told).values()
    assert (found["reference"], len(found["record_ids"])) == ("Datadog #3", 2)


def test_2_6_a_fix_that_names_the_issue_mends_the_incident_that_somebody_was_paged_for(
    work: WorkStory,
) -> None:
    page(work, 1)
    reference = work.incident(5, of="checkout", when="05-03 12:05")
    work.commit("fix", when="05-04 09:00", after=["c"], mentioned_issues=[reference])
    work.deployment(4, "fix", start="05-04 10:00")
    told = work.build()
    assert links(told) == {(f"{PAGED}Q1", 3): ("explicit", "fix_replaces")}
    assert told.deployments()[4]["is_hotfix"]


@pytest.mark.parametrize("name", ["OPS-1", "pagerduty:Q1", "pagerduty#1"])
@pytest.mark.parametrize("place", ["commit", "pull request"])
def test_2_6_a_fix_names_an_incident_by_its_key_or_its_page(work: WorkStory, name: str, place: str) -> None:
    page(work, 1)
    tracked(work, 1)
    if place == "commit":
        work.commit("fix", when="05-04 09:30", after=["c"], mentioned_keys=[name])
        work.deployment(4, "fix", start="05-04 10:00")
    else:
        pull_request(work, mentioned_keys=[name])
    told = work.build()
    assert links(told) == {(f"{PAGED}Q1", 3): ("explicit", "fix_replaces")}
    assert told.deployments()[4]["is_hotfix"]


def test_2_6_a_fix_that_reverts_and_names_a_key_blames_what_it_reverts(work: WorkStory) -> None:
    key = tracked(work, 1)
    work.commit("fix", when="05-04 09:30", after=["c"], mentioned_keys=["OPS-1"], reverted_shas=[sha("b")])
    work.deployment(4, "fix", start="05-04 10:00")
    assert links(work.build()) == {(key, 2): ("explicit", "fix_reverts")}


def test_mending_a_production_defect_of_jira_is_unplanned_and_no_hotfix(work: WorkStory) -> None:
    work.work_item(8, when="05-03 09:00", issue_type_name="Production defect")
    work.commit("fix", when="05-04 09:30", after=["c"], mentioned_keys=["SHOP-8"])
    work.deployment(4, "fix", start="05-04 10:00")
    deployment = work.build().deployments()[4]
    assert (deployment["is_hotfix"], deployment["is_unplanned"]) == (False, True)


@pytest.mark.parametrize(("key", "is_linked"), [("SHOP-8", True), ("UTF-8", False)])
def test_a_pull_request_is_linked_by_the_key_of_an_item_that_exists(
    work: WorkStory, key: str, *, is_linked: bool
) -> None:
    work.work_item(8, when="05-03 09:00")
    pull_request(work, mentioned_keys=[key])
    (found,) = work.build().rows("select is_linked from intermediate.int_pull_request_reviews")
    assert found["is_linked"] == is_linked


def test_2_6_what_was_decided_about_one_telling_holds_for_the_incident(work: WorkStory) -> None:
    work.incident(5, of="checkout", when="05-03 12:05")
    work.decide(next(iter(incidents(work.build()))), "caused_by", "github:github:deployment:1")
    page(work, 1)  # somebody connects PagerDuty later
    told = work.build()
    assert links(told) == {(f"{PAGED}Q1", 1): ("explicit", "decided")}
    assert incidents(told)[f"{PAGED}Q1"]["disposition_basis"] == "decision"


def test_2_6_of_decisions_about_two_tellings_the_newest_holds(work: WorkStory) -> None:
    paged, item = page(work, 1), tracked(work, 1)
    work.decide(paged, "caused_by", "github:github:deployment:1")
    work.decide(item, "not_caused")
    for index, decision in zip((7, 9), work.dispositions, strict=True):
        decision["leaf_index"] = index
    told = work.build()
    assert links(told) == {}
    assert incidents(told)[paged]["disposition"] == "not_caused_by_deployment"


def test_the_profile_of_another_tool_has_each_incident_once(work: WorkStory) -> None:
    page(work, 1)
    work.incident(5, of="checkout", when="05-03 12:05")
    rows = work.build().rows("select id, scope_id, created_date from intermediate.int_domain__incidents")
    assert rows == [{"id": f"{PAGED}Q1", "scope_id": "checkout", "created_date": at("05-03 12:00")}]


def test_records_of_every_telling_make_the_fact(work: WorkStory) -> None:
    page(work, 1)
    note(work, 1, referenced_deployment_ids=["2"])
    work.incident(5, of="checkout", when="05-03 12:05")
    (found,) = incidents(work.build()).values()
    tables = ("pagerduty__incidents", "pagerduty__log_entries__references", "github__issues")
    told = {row["record_id"] for table in tables for row in work.staged[f"stg_{table}"]}
    assert set(found["record_ids"]) == told
