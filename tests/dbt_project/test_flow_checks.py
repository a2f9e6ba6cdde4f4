"""The data tests of the flow's facts: quiet over a sound warehouse, each red over its planted fault."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.dbt_project.stories import Told
from tests.dbt_project.test_incident_response import on_call
from tests.dbt_project.warehouse import PROJECT

MARTS = ("fct_issues", "fct_issue_status_spans", "fct_sprints", "fct_pull_request_reviews")
RESPONSE = ("fct_incident_response", "fct_on_call_shifts")
FAULTS = {
    "spans_end_after_they_start": "duration_seconds = -1",
    "only_the_last_span_is_open": "is_current = not is_current",
    "cycle_parts_sum_to_the_cycle": "cycle_waiting_seconds = cycle_waiting_seconds + 1",
    "cycles_belong_to_done_issues": "cycle_state = 'open'",
    "what_enters_a_sprint_leaves_it": "removed_count = removed_count + 1",
    "reviews_do_not_precede_their_pull_request": "first_review_seconds = -1",
    "response_times_are_not_negative": "resolution_seconds = -1",
    "shifts_have_a_length": "out_of_hours_seconds = shift_seconds + 1",
}


def conditions() -> list[tuple[str, str, str]]:
    """Model, name and condition of every rule that no row may meet."""
    found = []
    for model in (*MARTS, *RESPONSE):
        path = Path(PROJECT) / "models" / "marts" / f"{model}.yml"
        (document,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        for test in document["data_tests"]:
            rule: dict[str, Any] = test.get("no_rows_where", {})
            if rule:
                found.append((model, rule["name"], rule["arguments"]["condition"]))
    return found


@pytest.fixture(scope="module")
def told() -> Told:
    work = on_call()
    work.work_item(1, when="05-04 10:00", through=[("05-04 12:00", 2), ("05-05 12:00", 4)], sprint_ids=[1])
    work.stage("jira__sprints", sprint_id=1, state="active", started_at=work.when("05-05 09:00"))
    work.pull_request(7, opened="05-04 10:00", commits=[("a", "05-04 09:00")], merged="05-08 10:00")
    work.review(7, when="05-05 10:00")
    return work.build()


def test_every_rule_has_a_fault_that_is_planted() -> None:
    assert {name for _, name, _ in conditions()} == set(FAULTS)


@pytest.mark.parametrize(("model", "name", "condition"), conditions())
def test_a_planted_fault_is_found_and_nothing_else(told: Told, model: str, name: str, condition: str) -> None:
    relation = f"marts.{model}"
    assert told.rows(f"select * from {relation}")
    assert told.rows(f"select * from {relation} where {condition}") == []
    told.con.execute(f"create or replace temp table kept as from {relation}")
    told.con.execute(f"update {relation} set {FAULTS[name]}")
    try:
        assert told.rows(f"select * from {relation} where {condition}")
    finally:
        told.con.execute(f"delete from {relation}")
        told.con.execute(f"insert into {relation} from kept")
