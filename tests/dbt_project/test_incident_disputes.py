"""Where tools, fixes and names disagree about an incident: whose word counts. DEFINITIONS §2.6."""

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
    tracked,
)
from tests.dbt_project.stories import Row, sha
from tests.dbt_project.work_stories import WorkStory


@pytest.fixture
def work() -> WorkStory:
    return daily()


def searched(work: WorkStory, name: str, when: str, number: int) -> None:
    """A deployment of another service, whose commit names the incident."""
    work.commit("first", on="acme/search", when="05-02 08:00")
    work.deployment(12, "first", on="acme/search", start="05-02 09:00")
    work.commit(name, on="acme/search", when=when, after=["first"], mentioned_keys=["OPS-1"])
    work.deployment(number, name, on="acme/search", start=when)


@pytest.mark.parametrize("when", ["05-03 13:00", "06-10 08:00"])
def test_2_6_a_mention_by_a_change_of_another_service_moves_no_failure_there(
    work: WorkStory, when: str
) -> None:
    searched(work, "mention", when, 13)
    tracked(work, 1, through=[("05-03 12:10", 2), ("05-03 15:00", 4)])
    assert failed(work.build()) == {3: "rule"}


def test_2_6_a_fix_of_any_service_mends_an_incident_whose_service_nobody_knows(work: WorkStory) -> None:
    searched(work, "fix", "05-03 13:00", 13)
    tracked(work, 1, components=())
    assert failed(work.build()) == {12: "explicit"}


@pytest.mark.parametrize(
    ("fixed", "closed", "strength"),
    [
        ("05-17 12:00", "05-03 15:00", "explicit"),
        ("05-17 12:01", "05-03 15:00", "rule"),
        ("05-30 11:00", "05-30 12:00", "explicit"),
        ("05-30 11:00", None, "explicit"),
    ],
)
def test_2_6_a_fix_replaces_what_broke_while_it_lasts_or_within_the_days_of_a_hotfix(
    work: WorkStory, fixed: str, closed: str | None, strength: str
) -> None:
    key = tracked(work, 1, through=[(closed, 4)] if closed else None)
    work.commit("fix", when="05-04 09:00", after=["c"], mentioned_keys=["OPS-1"])
    work.deployment(4, "fix", start=fixed)
    rule = "fix_replaces" if strength == "explicit" else "nearest_within_window"
    assert links(work.build()) == {(key, 3): (strength, rule)}


def test_2_6_what_was_on_its_way_when_the_incident_began_is_not_its_fix(work: WorkStory) -> None:
    key = tracked(work, 1, "05-04 10:10")
    work.commit("guilty", when="05-04 09:00", after=["c"], mentioned_keys=["OPS-1"])
    work.deployment(4, "guilty", start="05-04 10:00", end="05-04 10:30")
    assert links(work.build()) == {(key, 3): ("rule", "nearest_within_window")}


def test_2_6_a_fix_of_another_service_blames_what_it_reverts_there(work: WorkStory) -> None:
    key = tracked(work, 1)
    work.commit("first", on="acme/search", when="05-01 08:00")
    work.deployment(11, "first", on="acme/search", start="05-01 09:00")
    work.commit("bad", on="acme/search", when="05-02 08:00", after=["first"])
    work.deployment(12, "bad", on="acme/search", start="05-02 09:00")
    work.commit(
        "undo",
        on="acme/search",
        when="05-03 13:00",
        after=["bad"],
        mentioned_keys=["OPS-1"],
        reverted_shas=[sha("bad")],
    )
    work.deployment(13, "undo", on="acme/search", start="05-03 14:00")
    assert links(work.build()) == {(key, 12): ("explicit", "fix_reverts")}


def test_a_page_that_was_over_before_an_incident_was_declared_is_another_one(work: WorkStory) -> None:
    low: Row = {"priority": None, "urgency": "low", "status": "resolved"}
    page(work, 1, "05-03 11:20", **low, resolved_at=work.when("05-03 11:21"))
    work.incident(5, of="checkout", when="05-03 12:10", severity="sev1", closed="05-03 18:00")
    told = work.build()
    assert len(incidents(told)) == 2
    assert failed(told) == {3: "rule"}
    assert told.value("failure_incidents", CHECKOUT, MAY)["value"] == 1


def test_an_issue_that_was_closed_before_somebody_was_paged_is_another_incident(work: WorkStory) -> None:
    work.incident(5, of="checkout", when="05-03 11:20", closed="05-03 11:30")
    page(work, 1, "05-03 12:10")
    assert len(incidents(work.build())) == 2


def test_an_incident_declared_while_a_page_lasted_is_the_same_whichever_ends_first(work: WorkStory) -> None:
    page(work, 1, "05-03 12:00", status="resolved", resolved_at=work.when("05-03 12:20"))
    work.incident(5, of="checkout", when="05-03 12:20", closed="05-03 18:00")
    assert list(incidents(work.build())) == [f"{PAGED}Q1"]


def test_an_end_that_lies_before_the_beginning_parts_nothing(work: WorkStory) -> None:
    page(work, 1, "05-03 12:00", status="resolved", resolved_at=work.when("05-03 11:00"))
    work.incident(5, of="checkout", when="05-03 12:00")
    assert list(incidents(work.build())) == [f"{PAGED}Q1"]


@pytest.mark.parametrize(
    ("paged", "labelled", "counts"), [("P4", "sev1", 1), ("P1", "sev4", 1), ("P4", "sev4", 0)]
)
def test_an_incident_counts_where_any_tool_calls_it_bad_enough_and_shows_the_first_ones_severity(
    work: WorkStory, paged: str, labelled: str, counts: int
) -> None:
    page(work, 1, priority=paged)
    work.incident(5, of="checkout", when="05-03 12:05", severity=labelled)
    told = work.build()
    (found,) = incidents(told).values()
    assert found["severity"] == f"sev{paged[1]}"
    assert told.value("failure_incidents", CHECKOUT, MAY)["value"] == counts
    assert len(failed(told)) == counts


@pytest.mark.parametrize(
    ("weaker", "stronger", "meant"),
    [
        ({"service_id": "apple", "title": "Till"}, {"service_id": "till"}, "till"),
        ({"service_id": "apple", "former_names": ["Till"]}, {"service_id": "till"}, "till"),
        ({"service_id": "apple", "title": "Till"}, {"service_id": "pear", "former_names": ["till"]}, "pear"),
        ({"service_id": "acme/till"}, {"service_id": "pear", "title": "TILL"}, "pear"),
        ({"service_id": "acme/till"}, {"service_id": "pear"}, "acme/till"),
    ],
)
def test_a_name_means_the_service_of_that_id_then_of_that_former_name_then_title_then_end_of_its_path(
    work: WorkStory, weaker: Row, stronger: Row, meant: str
) -> None:
    work.service(**weaker)
    work.service(**stronger)
    page(work, 1, of="Till")
    assert incidents(work.build())[f"{PAGED}Q1"]["service_ids"] == [meant]


@pytest.mark.parametrize("label", ["service:Checkout", "service:TILL", "service:checkout"])
def test_labels_of_github_name_services_as_other_tools_do(work: WorkStory, label: str) -> None:
    work.services[0]["former_names"] = ["till"]
    work.issue(5, on=ISSUES, when="05-03 12:00", labels=["incident", "sev1", label])
    (found,) = incidents(work.build()).values()
    assert found["service_ids"] == ["checkout"]


def test_what_a_note_names_at_the_end_of_a_chain_of_merged_pages_the_last_one_names(work: WorkStory) -> None:
    page(work, 1)
    for number in range(2, 8):
        page(work, number, merged_into_incident_id=f"Q{number - 1}", status="resolved")
    note(work, 7, referenced_deployment_ids=["2"])
    told = work.build()
    assert links(told) == {(f"{PAGED}Q1", 2): ("explicit", "names_deployment")}
    (found,) = incidents(told).values()
    assert {row["record_id"] for row in work.staged["stg_pagerduty__incidents"]} <= set(found["record_ids"])


def test_a_page_that_was_merged_into_one_that_was_not_read_is_an_incident(work: WorkStory) -> None:
    page(work, 2, merged_into_incident_id="Q99", status="resolved")
    page(work, 3, merged_into_incident_id="Q2", status="resolved")
    assert list(incidents(work.build())) == [f"{PAGED}Q2"]


def test_an_incident_is_of_the_services_of_all_pages_merged_into_it_and_of_its_own_first(
    work: WorkStory,
) -> None:
    page(work, 1, of="search")
    page(work, 2, of="Checkout", merged_into_incident_id="Q1", status="resolved")
    page(work, 3, of="search", merged_into_incident_id="Q1", status="resolved")
    (found,) = incidents(work.build()).values()
    assert found["service_ids"] == ["search", "checkout"]
    assert found["deployment_ids"] == ["github:github:deployment:3"]


def test_an_incident_of_two_services_counts_for_each_and_its_team_and_once_for_the_organisation(
    work: WorkStory,
) -> None:
    for service, team in (("audit", "ledger"), ("checkout", "payments")):
        work.team(team, parent="commerce")
        work.owner(service, team)
    work.team("commerce")
    work.service("audit")
    work.commit("z", on="acme/audit", when="05-01 08:00")
    work.deployment(9, "z", on="acme/audit", start="05-01 09:00")
    labels = ["incident", "sev1", "service:checkout", "service:audit"]
    work.issue(5, on=ISSUES, when="05-03 12:00", labels=labels)
    told = work.build()
    scopes = ("service:checkout", "service:audit", "team:ledger", "team:payments", "team:commerce")
    for scope in (*scopes, "organisation:acme"):
        assert told.value("failure_incidents", scope, MAY)["value"] == 1, scope
        assert told.value("dispositions_unknown_share", scope, MAY)["value"] == 1, scope
    fail_rate = told.value("change_fail_rate", CHECKOUT, MAY)
    assert (fail_rate["numerator"], fail_rate["dispositions_unknown_share"]) == (1, 1)
