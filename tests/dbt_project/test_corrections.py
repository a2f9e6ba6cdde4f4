"""What a correction in force does to facts and metrics: exactly what it names, and nothing else."""

from datetime import timedelta
from typing import Any

import pytest

from governance.cases.correctable import CORRECTABLE
from tests.dbt_project.compiled import compiled_models
from tests.dbt_project.stories import Story, Told, at
from tests.dbt_project.test_dispositions import deployment, incident_id, incidents
from tests.dbt_project.test_metric_values import CHECKOUT, deployed_daily
from tests.dbt_project.work_stories import WorkStory

MAY = "2026-05-01"
TABLES = ("fct_deployments", "fct_incidents", "fct_incident_response", "fct_issues", "fct_changes")


@pytest.fixture
def story() -> Story:
    """Nine deployments, and an incident that the rule links to the sixth."""
    story = deployed_daily(9)
    story.incident(2, of="checkout", when="05-06 14:00", closed="05-06 15:00")
    return story


def facts(told: Told) -> dict[str, dict[str, dict[str, Any]]]:
    keys = {"fct_incident_response": "incident_id", "fct_changes": "change_id"}
    return {
        table: told.all(f"marts.{table}", keys.get(table, table.removeprefix("fct_")[:-1] + "_id"))
        for table in TABLES
    }


def changed(story: Story, *wanted: tuple[str, str, str, str | None, str | None]) -> dict[str, set[str]]:
    """Return the columns that differ by table once the corrections are in force."""
    before = facts(story.build())
    for fact, part_id, column, value, service in wanted:
        story.correct(fact, part_id, column, value, of=service)
    after = facts(story.build())
    found: dict[str, set[str]] = {}
    for table, rows in after.items():
        assert rows.keys() == before[table].keys()
        for key, row in rows.items():
            columns = {name for name in row if row[name] != before[table][key][name]}
            if columns:
                found.setdefault(f"{table} {key.rpartition(':')[2]}", set()).update(columns)
    return found


def test_the_models_know_the_columns_that_may_be_corrected() -> None:
    (model,) = [one for one in compiled_models() if one.name == "int_fact_corrections"]
    columns = {name for fields in CORRECTABLE.values() for name in fields}
    assert {name for name in columns if f"column_name = '{name}' then value" in model.sql} == columns


def test_a_deployment_that_was_none_of_production_enters_no_metric_and_says_who_says_so(story: Story) -> None:
    leaf = story.correct("deployment", deployment(106), "is_production", "false", of="checkout")
    told = story.build()
    row = told.deployments()[106]
    assert (row["is_production"], row["is_change_failure"]) == (False, False)
    assert (row["correction_leaf_indexes"], row["is_corrected"]) == ([leaf], True)
    assert told.value("deployment_frequency", CHECKOUT, MAY)["numerator"] == 8
    assert {number for number, one in told.deployments().items() if one["is_corrected"]} == {106}


def test_a_rollout_that_failed_is_a_failed_rollout(story: Story) -> None:
    story.correct("deployment", deployment(104), "outcome", "failed_rollout", of="checkout")
    told = story.build()
    assert told.deployments()[104]["outcome"] == "failed_rollout"
    assert told.value("failed_rollouts", CHECKOUT, MAY)["value"] == 1


def test_an_end_at_another_time_moves_the_lead_time_and_the_record_stays(story: Story) -> None:
    before = story.build().deployments()[109]["finished_at"]
    later = before + timedelta(hours=2)
    found = changed(story, ("deployment", deployment(109), "finished_at", later.isoformat(), "checkout"))
    assert found.pop("fct_deployments 109") == {"finished_at", "correction_leaf_indexes", "is_corrected"}
    assert all(name.startswith("fct_changes") for name in found)
    assert {column for columns in found.values() for column in columns} <= {
        "deployed_at",
        "lead_time_seconds",
        "lead_time_server_observed_seconds",
        "merge_to_deploy_seconds",
        "unattributed_seconds",
        "business_hours_lead_time_seconds",
        "deployed_date",
    }
    (row,) = [row for row in story.staged["stg_github__deployments"] if row["deployment_id"] == 109]
    assert row["created_at"] == before


def test_an_environment_means_production_by_the_services_own_pattern(story: Story) -> None:
    story.services[0]["environment_pattern"] = "^production$"
    story.correct("deployment", deployment(105), "environment", "sandbox", of="checkout")
    row = story.build().deployments()[105]
    assert (row["environment"], row["is_production"]) == ("sandbox", False)


def test_a_correction_of_one_service_leaves_the_same_part_of_another_alone(story: Story) -> None:
    assert changed(story, ("deployment", deployment(106), "is_production", "false", "another")) == {}


def test_an_incident_began_lasted_and_weighed_as_two_people_say(story: Story) -> None:
    name = incident_id(story, 2)
    first = story.correct("incident", name, "started_at", "2026-05-06T13:30:00+00:00")
    second = story.correct("incident", name, "resolved_at", "2026-05-06T16:30:00+00:00")
    third = story.correct("incident", name, "severity", "sev1")
    told = story.build()
    row = incidents(told)[2]
    assert (row["started_at"], row["resolved_at"]) == (at("05-06 13:30"), at("05-06 16:30"))
    assert (row["severity"], row["duration_seconds"]) == ("sev1", 3 * 3600)
    assert (row["correction_leaf_indexes"], row["is_corrected"]) == ([first, second, third], True)
    (response,) = told.all("marts.fct_incident_response", "incident_id").values()
    assert (response["impact_started_at"], response["resolved_at"]) == (row["started_at"], row["resolved_at"])
    assert response["correction_leaf_indexes"] == [first, second, third]


def test_an_incident_that_is_not_over_has_no_end(story: Story) -> None:
    story.correct("incident", incident_id(story, 2), "resolved_at", None)
    row = incidents(story.build())[2]
    assert (row["resolved_at"], row["is_open"], row["is_corrected"]) == (None, True, True)


def test_a_severity_that_does_not_count_makes_no_failure(story: Story) -> None:
    assert story.build().value("change_fail_rate", CHECKOUT, MAY)["numerator"] == 1
    story.correct("incident", incident_id(story, 2), "severity", "cosmetic")
    told = story.build()
    assert incidents(told)[2]["is_severity_configured"] is False
    assert told.value("change_fail_rate", CHECKOUT, MAY)["numerator"] == 0


def test_a_work_item_is_of_the_kind_that_its_right_type_means() -> None:
    work = WorkStory()
    work.site()
    work.work_item(1, when="05-04 10:00")
    work.work_item(2, when="05-04 10:00")
    keys = sorted(work.build().all("marts.fct_issues", "issue_id"))
    leaf = work.correct("issue", keys[0], "issue_type", "Bug")
    rows = work.build().all("marts.fct_issues", "issue_id")
    assert [rows[key]["issue_type"] for key in keys] == ["Bug", "Story"]
    assert [rows[key]["correction_leaf_indexes"] for key in keys] == [[leaf], []]
    assert rows[keys[0]]["kind"] != rows[keys[1]]["kind"]


def test_a_correction_of_what_is_not_there_changes_nothing(story: Story) -> None:
    assert (
        changed(
            story,
            ("deployment", deployment(999), "is_production", "false", "checkout"),
            ("incident", "i9", "severity", "sev1", None),
            ("issue", "i9", "issue_type", "Bug", None),
        )
        == {}
    )
