"""What people decide about the cause of an incident, and what it does to the metrics. DEFINITIONS §2.6."""

from decimal import Decimal

import pytest

from tests.dbt_project.stories import Story, Told
from tests.dbt_project.test_metric_values import CHECKOUT, deployed_daily

MAY = "2026-05-01"


@pytest.fixture
def story() -> Story:
    """Nine deployments; an incident that names the third, and one that the rule links to the sixth."""
    story = deployed_daily(9)
    story.incident(
        1, of="checkout", when="05-03 14:00", closed="05-03 18:00", referenced_deployment_ids=["103"]
    )
    story.incident(2, of="checkout", when="05-06 14:00", closed="05-06 15:00")
    return story


def incidents(told: Told) -> dict[int, dict[str, object]]:
    return {
        row["number"]: {**row, "named": [key.split(":")[-1] for key in row["deployment_ids"]]}
        for row in told.all("marts.fct_incidents", "incident_id").values()
    }


def incident_id(story: Story, number: int) -> str:
    row = next(row for row in story.staged["stg_github__issues"] if row["number"] == number)
    return f"github:github:issue:{row['issue_id']}"


def deployment(number: int) -> str:
    return f"github:github:deployment:{number}"


def test_2_6_a_disposition_is_unknown_until_a_reference_or_a_person_says_more(story: Story) -> None:
    found = incidents(story.build())
    assert [(row["disposition"], row["disposition_basis"]) for row in found.values()] == [
        ("caused_by_deployment", "reference"),
        ("unknown", "none"),
    ]
    assert found[2]["named"] == ["106"]  # whom the rule would blame


def test_2_6_an_incident_that_no_deployment_caused_is_linked_to_none(story: Story) -> None:
    for number in (1, 2):
        story.decide(incident_id(story, number), "not_caused")
    told = story.build()
    for row in incidents(told).values():
        assert (row["disposition"], row["disposition_basis"]) == ("not_caused_by_deployment", "decision")
        assert (row["link_strength"], row["named"]) == ("none", [])
    assert told.value("change_fail_rate", CHECKOUT, MAY)["numerator"] == 0
    assert told.value("failed_deployment_recovery_time", CHECKOUT, MAY)["n"] == 0


def test_2_6_a_deployment_that_somebody_decided_for_is_linked_explicitly_and_alone(story: Story) -> None:
    story.decide(incident_id(story, 1), "caused_by", deployment(102))
    story.decide(incident_id(story, 2), "caused_by", deployment(104), deployment(105))
    told = story.build()
    found = incidents(told)
    assert found[1]["named"] == ["102"]
    assert found[2]["named"] == ["104", "105"]
    assert {row["link_strength"] for row in found.values()} == {"explicit"}
    assert {row["link_rule"] for row in found.values()} == {"decided"}
    failed = {number for number, row in told.deployments().items() if row["is_change_failure_explicit"]}
    assert failed == {102, 104, 105}
    assert told.value("change_fail_rate_explicit", CHECKOUT, MAY)["numerator"] == 3


def test_2_6_a_decision_for_a_part_means_its_deployment(story: Story) -> None:
    story.deployment(207, "c7", start="05-07 15:00")  # a second region of deployment 107
    story.incident(3, of="checkout", when="05-08 09:00")
    story.decide(incident_id(story, 3), "caused_by", deployment(207))
    assert incidents(story.build())[3]["named"] == ["107"]


def test_2_6_a_decision_for_a_deployment_that_is_not_known_does_not_count(story: Story) -> None:
    story.decide(incident_id(story, 2), "caused_by", deployment(999))
    row = incidents(story.build())[2]
    assert (row["disposition"], row["link_strength"], row["named"]) == ("unknown", "rule", ["106"])


def test_2_6_both_bounds_unknown_as_none_and_unknown_as_all_that_the_rule_links(story: Story) -> None:
    told = story.build()
    assert told.value("change_fail_rate_explicit", CHECKOUT, MAY)["numerator"] == 1
    assert told.value("change_fail_rate", CHECKOUT, MAY)["numerator"] == 2
    recovery = {
        metric: told.value(metric, CHECKOUT, MAY)["n"]
        for metric in ("failed_deployment_recovery_time_explicit", "failed_deployment_recovery_time")
    }
    assert list(recovery.values()) == [1, 2]
    (month,) = told.rows(
        "select * from marts.mart_dora_monthly where scope_kind = 'service' and period_start = '2026-05-01'"
    )
    assert month["change_fail_rate_unknown_as_none"] == Decimal("0.111111111")
    assert month["change_fail_rate"] == Decimal("0.222222222")


def test_2_6_more_unknown_causes_than_allowed_are_flagged_where_they_matter(story: Story) -> None:
    told = story.build()
    for metric in ("change_fail_rate", "failed_deployment_recovery_time"):
        value = told.value(metric, CHECKOUT, MAY)
        assert value["dispositions_unknown_share"] == Decimal("0.5")
        assert "dispositions_unknown" in value["flags"]
    unread = told.value("change_lead_time", CHECKOUT, MAY)
    assert unread["dispositions_unknown_share"] is None
    assert "dispositions_unknown" not in unread["flags"]


@pytest.mark.parametrize(("percent", "is_flagged"), [(5, True), (49, True), (50, False), (100, False)])
def test_2_6_the_share_of_unknown_causes_that_is_let_pass_is_configuration(
    story: Story, percent: int, *, is_flagged: bool
) -> None:
    story.rules = {**story.rules, "dispositions_unknown_percent": percent}
    value = story.build().value("change_fail_rate", CHECKOUT, MAY)
    assert ("dispositions_unknown" in value["flags"]) == is_flagged


def test_2_6_decisions_end_the_flag(story: Story) -> None:
    story.decide(incident_id(story, 2), "not_caused")
    value = story.build().value("change_fail_rate", CHECKOUT, MAY)
    assert value["dispositions_unknown_share"] == 0
    assert "dispositions_unknown" not in value["flags"]
    assert value["numerator"] == 1
