"""Incidents of every tool: what happened when, which are the same one, how bad, and who was called."""

from typing import Any

import pytest

from tests.dbt_project.stories import Row, Told
from tests.dbt_project.work_stories import WorkStory

HOUR = 3600
MINUTE = 60


def story() -> WorkStory:
    told = WorkStory()
    told.service("checkout", title="Checkout")
    told.team("payments")
    told.owner("checkout", "payments")
    told.site()
    return told


def page(work: WorkStory, number: str, when: str, **more: Any) -> None:
    """An incident of PagerDuty."""
    row: Row = {"incident_id": number, "status": "triggered", "urgency": "high", "priority": "P1"}
    row |= {"service_name": "Checkout", "escalation_policy_id": "POL", "created_at": work.when(when)}
    work.stage("pagerduty__incidents", **{**row, **more})


def entry(work: WorkStory, number: str, kind: str, when: str, **more: Any) -> None:
    """An entry of its log."""
    row = {"log_entry_id": f"R{work.records}", "entry_type": f"{kind}_log_entry", "incident_id": number}
    work.stage("pagerduty__log_entries", **row, created_at=work.when(when), **more)


def alert(work: WorkStory, *instants: tuple[str, str], step: int = 60) -> None:
    """Samples of an alert: when, and its state."""
    for when, state in instants:
        work.stage(
            "prometheus__alerts_history",
            alert_labels=f'{{"alertname":"Errors","alertstate":"{state}","service":"checkout"}}',
            sampled_at=work.when(when),
            alert_name="Errors",
            alert_state=state,
            service="checkout",
            step_seconds=step,
        )


def responses(work: WorkStory) -> dict[str, Row]:
    return work.build().all("marts.fct_incident_response", "incident_id")


def month(told: Told, scope: str = "service:checkout", start: str = "2026-05-01") -> Row:
    kind, scope_id = scope.split(":")
    (row,) = told.rows(
        "select * from marts.mart_incident_response "
        "where scope_kind = $1 and scope_id = $2 and period_start = $3::date",
        kind,
        scope_id,
        start,
    )
    return row


def test_an_incident_of_pagerduty_is_acknowledged_by_its_log_and_over_when_it_says_so() -> None:
    work = story()
    page(work, "A", "05-04 10:00", status="resolved", resolved_at=work.when("05-04 12:00"))
    entry(work, "A", "acknowledge", "05-04 10:07")
    entry(work, "A", "acknowledge", "05-04 11:00")
    found = responses(work)["pagerduty:pagerduty:incident:A"]
    assert (found["acknowledgement_seconds"], found["resolution_seconds"]) == (7 * MINUTE, 2 * HOUR)
    assert (found["service_id"], found["team_id"], found["severity"]) == ("checkout", "payments", "sev1")
    assert (found["detection_seconds"], found["mitigation_seconds"]) == (None, None)


@pytest.mark.parametrize(
    ("more", "log", "expected"),
    [
        ({"last_status_change_at": "05-04 11:00"}, None, HOUR),
        ({"last_status_change_at": "05-04 11:00"}, "05-04 10:30", HOUR // 2),
        ({"status": "acknowledged", "last_status_change_at": "05-04 11:00"}, None, None),
    ],
)
def test_an_old_incident_without_time_of_resolution_takes_it_from_its_log_or_last_change(
    more: Row, log: str | None, expected: int | None
) -> None:
    work = story()
    changed = work.when(more["last_status_change_at"])
    page(work, "A", "05-04 10:00", **({"status": "resolved"} | more | {"last_status_change_at": changed}))
    if log:
        entry(work, "A", "resolve", log)
    found = responses(work)["pagerduty:pagerduty:incident:A"]
    assert found["resolution_seconds"] == expected
    assert found["is_open"] == (expected is None)


def test_what_was_merged_into_another_incident_counts_once_there() -> None:
    work = story()
    page(work, "A", "05-04 10:00")
    page(work, "B", "05-04 10:05", merged_into_incident_id="A")
    assert list(responses(work)) == ["pagerduty:pagerduty:incident:A"]


def test_an_alert_that_fired_before_somebody_opened_an_incident_detected_it() -> None:
    work = story()
    page(work, "A", "05-04 10:03")
    alert(work, ("05-04 09:55", "pending"), ("05-04 09:56", "pending"))
    alert(
        work,
        *((f"05-04 {when}", "firing") for when in ("09:57", "09:58", "10:00", "10:01", "10:02", "10:03")),
    )
    found = responses(work)["pagerduty:pagerduty:incident:A"]
    assert found["detected_at"] == work.when("05-04 09:57")
    assert found["detection_seconds"] == 2 * MINUTE
    assert len(found["record_ids"]) == 3


def test_an_alert_that_was_over_before_says_nothing_of_an_incident() -> None:
    work = story()
    page(work, "A", "05-04 10:03")
    alert(work, ("05-04 09:00", "pending"), ("05-04 09:01", "firing"))
    alert(work, ("05-04 10:02", "pending"))
    found = responses(work)["pagerduty:pagerduty:incident:A"]
    assert found["detected_at"] == found["declared_at"]
    assert found["impact_started_at"] == work.when("05-04 10:02")


def test_datadog_tells_of_impact_and_mitigation_and_its_tests_are_no_incidents() -> None:
    work = story()
    row = {"state": "resolved", "severity": "SEV-2", "service_names": ["checkout"]}
    row |= {"detected_at": work.when("05-04 10:00"), "resolved_at": work.when("05-04 12:00")}
    row |= {"customer_impact_started_at": work.when("05-04 09:50")}
    row |= {"customer_impact_ended_at": work.when("05-04 11:00")}
    work.stage("datadog__incidents", incident_id="D", is_test=False, **row)
    work.stage("datadog__incidents", incident_id="T", is_test=True, **row)
    (found,) = responses(work).values()
    parts = ("detection", "mitigation", "resolution")
    assert [found[f"{part}_seconds"] for part in parts] == [10 * MINUTE, HOUR, 2 * HOUR]
    assert found["severity"] == "sev2"


def test_an_incident_of_jira_is_acknowledged_when_work_begins_and_mitigated_by_its_status() -> None:
    work = story()
    work.statuses[6] = ("Monitoring", "indeterminate")
    work.work_item(
        1,
        when="05-04 10:00",
        through=[("05-04 10:10", 2), ("05-04 11:00", 6), ("05-04 14:00", 4)],
        issue_type_name="Incident",
        priority_name="Highest",
    )
    found = responses(work)["jira:jira:issue:1"]
    parts = ("acknowledgement", "mitigation", "resolution")
    assert [found[f"{part}_seconds"] for part in parts] == [10 * MINUTE, HOUR, 4 * HOUR]
    assert found["severity"] == "sev1"


def test_an_incident_of_github_is_acknowledged_by_a_person_and_mitigated_by_its_label() -> None:
    work = story()
    work.incident(3, of="checkout", when="05-04 10:00", closed="05-04 13:00")
    on = "acme/incidents"
    work.happens(3, "assigned", "05-04 10:01", on=on, is_actor_bot=True)
    work.happens(3, "commented", "05-04 10:05", on=on)
    work.happens(3, "labeled", "05-04 11:00", on=on, label="mitigated")
    (found,) = responses(work).values()
    parts = ("acknowledgement", "mitigation", "resolution")
    assert [found[f"{part}_seconds"] for part in parts] == [5 * MINUTE, HOUR, 3 * HOUR]


def test_reported_and_dropped_incidents_bring_what_they_say() -> None:
    work = story()
    row = {"service": "checkout", "severity": "low", "opened_at": work.when("05-04 10:00")}
    work.stage("push__incidents", incident_id="1", acknowledged_at=work.when("05-04 10:02"), **row)
    row["opened_at"] = work.when("05-06 10:00")
    work.stage(
        "drops__incidents", drop_name="d", incident_key='["7"]', resolved_at=work.when("05-06 11:00"), **row
    )
    found = responses(work)
    assert found["push:push:incident:1"]["acknowledgement_seconds"] == 2 * MINUTE
    assert found["push:push:incident:1"]["is_open"]
    assert found['drops:drops:incident:d:["7"]']["resolution_seconds"] == HOUR
    assert {row["severity"] for row in found.values()} == {"sev4"}


@pytest.mark.parametrize(
    ("when", "is_same"), [("05-04 10:59", True), ("05-04 09:01", True), ("05-04 11:01", False)]
)
def test_one_outage_that_several_tools_tell_of_counts_once(when: str, *, is_same: bool) -> None:
    work = story()
    page(work, "A", "05-04 10:00")
    work.incident(3, of="checkout", when=when)
    found = {row["source_kind"]: row for row in responses(work).values()}
    assert found["pagerduty"]["is_counted"]
    assert found["github"]["is_counted"] != is_same
    assert (found["github"]["same_as_incident_id"] == "pagerduty:pagerduty:incident:A") == is_same


def test_an_incident_of_jira_whose_label_names_the_service_is_the_one_that_somebody_was_paged_for() -> None:
    work = story()
    page(work, "A", "05-04 10:00")
    incident: Row = {"issue_type_name": "Incident", "components": ()}
    named = work.work_item(1, when="05-04 10:01", labels=["sev1", "service:checkout"], **incident)
    nameless = work.work_item(2, when="05-04 10:01", labels=["sev1", "checkout"], **incident)
    found = responses(work)
    assert (found[named]["service_id"], found[named]["is_counted"]) == ("checkout", False)
    assert found[named]["same_as_incident_id"] == "pagerduty:pagerduty:incident:A"
    assert (found[nameless]["service_id"], found[nameless]["is_counted"]) == (None, True)


def test_two_incidents_of_one_tool_or_of_two_services_are_two() -> None:
    work = story()
    work.service("search")
    page(work, "A", "05-04 10:00")
    page(work, "B", "05-04 10:10")
    work.incident(3, of="search", when="05-04 10:00")
    assert all(row["is_counted"] for row in responses(work).values())


def test_2_12_times_that_contradict_each_other_give_no_duration_and_are_counted() -> None:
    work = story()
    row = {"service": "checkout", "severity": "sev1", "opened_at": work.when("05-04 10:00")}
    work.stage("push__incidents", incident_id="1", resolved_at=work.when("05-04 09:00"), **row)
    told = work.build()
    (found,) = told.rows("select * from marts.fct_incident_response")
    assert (found["resolution_seconds"], found["has_time_fault"]) == (None, True)
    assert month(told)["time_fault_count"] == 1


def test_a_severity_that_no_rule_names_is_unknown() -> None:
    work = story()
    page(work, "A", "05-04 10:00", priority="Purple")
    assert responses(work)["pagerduty:pagerduty:incident:A"]["severity"] == "unknown"


def on_call() -> WorkStory:
    """One incident in working time and two at night; the second person is called once."""
    work = story()
    for number, when in (("A", "05-04 10:00"), ("B", "05-04 23:00"), ("C", "05-09 10:00")):
        page(work, number, when, status="resolved", resolved_at=work.when("05-10 10:00"))
        entry(work, number, "notify", when, notified_user_token="p_first")
        entry(work, number, "notify", when, notified_user_token="p_first")  # a second channel
    entry(work, "C", "notify", "05-09 10:30", notified_user_token="p_second")
    shift = {"escalation_policy_id": "POL", "schedule_id": "S", "escalation_level": 1}
    shift |= {"started_at": work.when("05-04 09:00"), "ends_at": work.when("05-05 09:00")}
    work.stage("pagerduty__on_calls", user_token="p_first", **shift)
    work.stage("pagerduty__on_calls", user_token=None, **shift | {"started_at": None, "ends_at": None})
    work.stage("pagerduty__escalation_policies", escalation_policy_id="POL", team_ids=["T"])
    work.stage("pagerduty__teams", team_id="T", name="Payments")
    return work


@pytest.mark.parametrize("scope", ["service:checkout", "team:payments", "organisation:acme"])
def test_pages_are_counted_once_for_each_incident_and_person_and_apart_out_of_hours(scope: str) -> None:
    found = month(on_call().build(), scope)
    assert (found["page_count"], found["out_of_hours_page_count"]) == (4, 3)
    assert (found["incidents_detected"], found["incidents_open"]) == (3, 0)
    assert found["time_to_resolve"] == (5 * 24 + 11) * HOUR  # the second of three


def test_a_shift_shows_its_length_and_its_pages_and_nobodys_name() -> None:
    told = on_call().build()
    (shift,) = told.rows("select * from marts.fct_on_call_shifts")
    assert (shift["team_id"], shift["person_count"]) == ("payments", 1)
    assert (shift["shift_seconds"], shift["out_of_hours_seconds"]) == (24 * HOUR, 16 * HOUR)
    assert (shift["page_count"], shift["out_of_hours_page_count"]) == (2, 1)
    assert not [column for column in shift if column.endswith("_token")]


def test_a_month_shows_medians_with_their_n_and_counts_what_is_open() -> None:
    work = story()
    for number, minutes in enumerate((10, 20, 60, 90), start=1):
        hour, minute = divmod(minutes, 60)
        when = f"05-{10 + number} 10:00"
        over = work.when(f"05-{10 + number} {10 + hour}:{minute:02}")
        page(work, str(number), when, status="resolved", resolved_at=over)
    page(work, "open", "05-20 10:00")
    found = month(work.build())
    assert (found["time_to_resolve"], found["time_to_resolve_n"]) == (40 * MINUTE, 4)
    assert (found["incidents_detected"], found["incidents_open"]) == (5, 1)
    assert (found["time_to_acknowledge"], found["time_to_acknowledge_n"]) == (None, 0)


def test_a_resolution_counts_in_the_month_in_which_it_happened() -> None:
    work = story()
    page(work, "A", "05-31 23:00", status="resolved", resolved_at=work.when("06-01 01:00"))
    told = work.build()
    assert (month(told)["incidents_detected"], month(told)["time_to_resolve_n"]) == (1, 0)
    assert month(told, start="2026-06-01")["time_to_resolve"] == 2 * HOUR
