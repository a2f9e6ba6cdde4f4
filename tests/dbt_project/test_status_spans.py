"""Spans in a status: they tile an item's life, whatever its history holds or lacks."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt_project.stories import at
from tests.dbt_project.work_stories import WorkStory, fact, spans

HOUR = 3600


def story() -> WorkStory:
    told = WorkStory()
    told.service("checkout")
    told.site()
    return told


def test_spans_come_from_the_whole_changelog() -> None:
    work = story()
    steps = [("05-04 12:00", 2), ("05-05 10:00", 3), ("05-05 16:00", 2), ("05-06 10:00", 4)]
    issue = work.work_item(1, when="05-04 10:00", through=steps)
    assert spans(work.build(), issue) == [
        ("To Do", "to_do", False, 2 * HOUR),
        ("In Progress", "in_progress", False, 22 * HOUR),
        ("Blocked", "in_progress", True, 6 * HOUR),
        ("In Progress", "in_progress", False, 18 * HOUR),
        ("Done", "done", False, None),
    ]


def test_an_item_that_never_changed_is_one_open_span() -> None:
    work = story()
    issue = work.work_item(1, when="05-04 10:00")
    assert spans(work.build(), issue) == [("To Do", "to_do", False, None)]


def test_a_renamed_status_keeps_its_category_and_the_history_its_name() -> None:
    work = story()
    work.statuses[2] = ("Doing", "indeterminate")
    issue = work.work_item(1, when="05-04 10:00", through=[("05-04 12:00", 2), ("05-05 12:00", 4)])
    for row in work.staged["stg_jira__statuses"]:
        row["status_name"] = "Under way" if row["status_id"] == 2 else row["status_name"]
    assert spans(work.build(), issue)[1] == (
        "Doing",
        "in_progress",
        False,
        24 * HOUR,
    )


def test_a_status_that_is_gone_keeps_the_category_in_which_it_was_last_seen() -> None:
    work = story()
    work.statuses[7] = ("Testing", "indeterminate")
    work.work_item(2, when="05-01 10:00", through=[("05-01 12:00", 7)])
    issue = work.work_item(1, when="05-04 10:00", through=[("05-04 12:00", 7), ("05-05 12:00", 4)])
    assert spans(work.build(), issue)[1] == (
        "Testing",
        "in_progress",
        False,
        24 * HOUR,
    )


def test_a_status_of_which_nothing_is_known_is_unknown_and_shown() -> None:
    work = story()
    issue = work.work_item(
        1, when="05-04 10:00", through=[("05-04 12:00", 2), ("05-05 12:00", 77), ("05-05 15:00", 4)]
    )
    told = work.build()
    assert [span[1] for span in spans(told, issue)] == ["to_do", "in_progress", "unknown", "done"]
    found = fact(told, issue)
    assert (found["unknown_seconds"], found["cycle_unknown_seconds"]) == (3 * HOUR, 3 * HOUR)
    assert found["cycle_seconds"] == 27 * HOUR


def test_a_status_that_the_source_files_nowhere_is_unknown() -> None:
    work = story()
    work.statuses[8] = ("Odd", "undefined")
    work.stage("jira__statuses", status_id=8, status_name="Odd", category_key="undefined")
    issue = work.work_item(1, when="05-04 10:00", through=[("05-04 12:00", 8)])
    assert spans(work.build(), issue)[1][1] == "unknown"


def test_a_rule_of_the_workspace_says_what_a_status_means() -> None:
    work = story()
    work.flow["work_item_statuses"] = [
        {"position": 1, "status_pattern": "^Status 77$", "category": "waiting"},
        {"position": 2, "status_pattern": "^Closed$", "category": "in_progress"},
    ]
    issue = work.work_item(
        1, when="05-04 10:00", through=[("05-04 12:00", 5), ("05-05 12:00", 77), ("05-05 15:00", 4)]
    )
    work.staged["stg_jira__issue_changes"][1]["to_value"] = "Status 77"
    work.staged["stg_jira__issue_changes"][2]["from_value"] = "Status 77"
    categories = [span[1:3] for span in spans(work.build(), issue)]
    assert categories == [
        ("to_do", False),
        ("in_progress", False),
        ("in_progress", True),
        ("done", False),
    ]


def test_a_missing_part_of_the_history_is_marked_where_it_is_missing() -> None:
    work = story()
    issue = work.work_item(1, when="05-04 10:00", through=[("05-04 12:00", 2), ("05-06 12:00", 4)])
    work.staged["stg_jira__issue_changes"][1]["from_id"] = "3"
    told = work.build()
    breaks = told.rows("select has_break from marts.fct_issue_status_spans order by span_number")
    assert [row["has_break"] for row in breaks] == [False, True, False]
    assert fact(told, issue)["history_break_count"] == 1


def test_an_issue_that_shows_another_status_than_its_history_ends_with_is_marked() -> None:
    work = story()
    issue = work.work_item(1, when="05-04 10:00", through=[("05-04 12:00", 2)], now=4)
    assert fact(work.build(), issue)["history_break_count"] == 1


def test_a_change_that_is_older_than_its_issue_takes_effect_with_it_and_is_counted() -> None:
    work = story()
    issue = work.work_item(1, when="05-04 10:00", through=[("05-03 10:00", 2), ("05-05 10:00", 4)])
    told = work.build()
    assert spans(told, issue) == [
        ("To Do", "to_do", False, 0),
        ("In Progress", "in_progress", False, 24 * HOUR),
        ("Done", "done", False, None),
    ]
    assert fact(told, issue)["time_fault_count"] == 1


def test_changes_of_one_instant_keep_the_order_of_their_ids() -> None:
    work = story()
    issue = work.work_item(
        1, when="05-04 10:00", through=[("05-04 12:00", 2), ("05-04 12:00", 3), ("05-04 12:00", 4)]
    )
    assert [span[0] for span in spans(work.build(), issue)] == [
        "To Do",
        "In Progress",
        "Blocked",
        "Done",
    ]


def test_a_github_issue_is_open_until_it_is_closed_and_again_when_it_is_reopened() -> None:
    work = story()
    work.issue(1, when="05-04 10:00", closed="05-07 10:00", issue_id=1)
    work.happens(1, "closed", "05-05 10:00")
    work.happens(1, "reopened", "05-06 10:00")
    work.happens(1, "closed", "05-07 10:00")
    told = work.build()
    assert spans(told, "github:github:issue:1") == [
        ("open", "to_do", False, 24 * HOUR),
        ("closed", "done", False, 24 * HOUR),
        ("open", "to_do", False, 24 * HOUR),
        ("closed", "done", False, None),
    ]
    assert fact(told, "github:github:issue:1")["reopened_count"] == 1


def test_a_github_issue_is_in_progress_while_it_has_the_label() -> None:
    work = story()
    work.issue(1, when="05-04 10:00", closed="05-05 10:00", issue_id=1)
    work.happens(1, "labeled", "05-04 12:00", label="in progress")
    work.happens(1, "labeled", "05-04 15:00", label="blocked")
    work.happens(1, "unlabeled", "05-04 18:00", label="blocked")
    work.happens(1, "labeled", "05-04 19:00", label="bug")
    work.happens(1, "closed", "05-05 10:00")
    assert spans(work.build(), "github:github:issue:1") == [
        ("open", "to_do", False, 2 * HOUR),
        ("in progress", "in_progress", False, 3 * HOUR),
        ("waiting", "in_progress", True, 3 * HOUR),
        ("in progress", "in_progress", False, 16 * HOUR),
        ("closed", "done", False, None),
    ]


def test_a_github_issue_without_timeline_is_closed_when_it_says_so() -> None:
    work = story()
    work.issue(1, when="05-04 10:00", closed="05-05 10:00", issue_id=1)
    assert spans(work.build(), "github:github:issue:1") == [
        ("open", "to_do", False, 24 * HOUR),
        ("closed", "done", False, None),
    ]


def test_pull_requests_have_no_spans() -> None:
    work = story()
    work.issue(1, when="05-04 10:00", is_pull_request=True, issue_id=1)
    work.happens(1, "closed", "05-05 10:00")
    assert work.build().rows("select * from marts.fct_issue_status_spans") == []


def test_each_span_belongs_to_the_team_that_owned_it_then() -> None:
    work = story()
    work.owner("checkout", "payments", until="05-05 00:00")
    work.owner("checkout", "commerce", since="05-05 00:00")
    work.work_item(1, when="05-04 10:00", through=[("05-04 12:00", 2), ("05-06 12:00", 4)])
    rows = work.build().rows("select team_id from marts.fct_issue_status_spans order by span_number")
    assert [row["team_id"] for row in rows] == ["payments", "payments", "commerce"]


def test_the_records_of_a_span_are_its_item_and_the_changes_at_its_ends() -> None:
    work = story()
    work.work_item(1, when="05-04 10:00", through=[("05-04 12:00", 2), ("05-05 12:00", 4)])
    item = work.staged["stg_jira__current_issues"][0]["record_id"]
    first, second = (row["record_id"] for row in work.staged["stg_jira__issue_changes"])
    rows = work.build().rows("select record_ids from marts.fct_issue_status_spans order by span_number")
    assert [row["record_ids"] for row in rows] == [
        [item, first],
        [item, first, second],
        [item, second],
    ]


@given(
    st.lists(
        st.lists(st.tuples(st.integers(-5_000_000, 90_000_000), st.sampled_from([1, 2, 3, 4, 5, 77]))),
        min_size=1,
        max_size=12,
    )
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_durations_add_up_exactly_to_the_life_that_they_tile(
    histories: list[list[tuple[int, int]]],
) -> None:
    work = story()
    start = at("05-04 10:00") + timedelta(milliseconds=123)
    for number, history in enumerate(histories, start=1):
        work.work_item(number, when="05-04 10:00")
        work.staged["stg_jira__current_issues"][-1]["created_at"] = start
        for milliseconds, status in history:
            work.change(number, "05-04 10:00", "status", 1, status)
            moved = start + timedelta(milliseconds=milliseconds)
            work.staged["stg_jira__issue_changes"][-1]["changed_at"] = moved
    told = work.build()
    assert len(told.rows("select * from marts.fct_issue_status_spans")) == sum(
        len(history) + 1 for history in histories
    )
    gaps = told.rows(
        "select * from (select ended_at, lead(started_at) over (partition by issue_id order by span_number) "
        "as next_at from marts.fct_issue_status_spans) where ended_at is distinct from next_at"
    )
    assert gaps == []
    wrong = told.rows(
        "select issue_id from marts.fct_issue_status_spans group by issue_id having "
        "sum(coalesce(duration_seconds, 0)) <> epoch_us(max(started_at)) // 1000000 "
        "- epoch_us(min(started_at)) // 1000000 or min(duration_seconds) < 0"
    )
    assert wrong == []
    facts = told.rows(
        "select * from marts.fct_issues where cycle_seconds <> cycle_active_seconds + cycle_waiting_seconds "
        "+ cycle_done_seconds + cycle_unknown_seconds or cycle_seconds < 0"
    )
    assert facts == []


@pytest.mark.parametrize("threads", [1, 8])
def test_spans_are_the_same_rows_in_the_same_order_on_any_number_of_threads(threads: int) -> None:
    work = story()
    work.threads = threads
    for number in range(1, 30):
        work.work_item(number, when="05-04 10:00", through=[("05-04 12:00", 2), ("05-05 12:00", 4)])
    rows = work.build().rows("select span_id from marts.fct_issue_status_spans")
    assert [row["span_id"] for row in rows] == sorted(row["span_id"] for row in rows)
