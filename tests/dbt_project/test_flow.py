"""Flow of work: cycle time, waiting, throughput, work in progress, sprints, kinds, and whose work it was."""

from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from tests.dbt_project.stories import Row, Story, Told
from tests.dbt_project.work_stories import WorkStory, fact

HOUR = 3600
DAY = 24 * HOUR


def story() -> WorkStory:
    told = WorkStory()
    told.service("checkout")
    told.site()
    return told


def issue_of(work: WorkStory, **more: Any) -> Row:
    """Tell one issue and return its fact."""
    issue = work.work_item(1, when="05-04 10:00", **more)
    return fact(work.build(), issue)


def test_5_cycle_time_runs_from_first_in_progress_to_done() -> None:
    found = issue_of(story(), through=[("05-04 12:00", 2), ("05-06 12:00", 4)])
    assert (found["cycle_state"], found["cycle_seconds"]) == ("done", 2 * DAY)
    assert found["done_date"] == date(2026, 5, 6)


def test_5_a_reopening_counts_until_it_is_done_for_the_last_time() -> None:
    steps = [("05-04 12:00", 2), ("05-05 12:00", 4), ("05-06 12:00", 2), ("05-07 12:00", 4)]
    found = issue_of(story(), through=steps)
    assert (found["cycle_seconds"], found["reopened_count"]) == (3 * DAY, 1)
    assert (found["cycle_active_seconds"], found["cycle_done_seconds"]) == (2 * DAY, DAY)


def test_two_statuses_that_both_mean_done_end_it_once_and_with_the_first() -> None:
    found = issue_of(story(), through=[("05-04 12:00", 2), ("05-05 12:00", 4), ("05-09 12:00", 5)])
    assert (found["cycle_seconds"], found["reopened_count"]) == (DAY, 0)


def test_what_is_reopened_and_not_done_has_no_cycle_time() -> None:
    found = issue_of(story(), through=[("05-04 12:00", 2), ("05-05 12:00", 4), ("05-06 12:00", 1)])
    assert (found["cycle_state"], found["cycle_seconds"], found["done_at"]) == ("open", None, None)


def test_what_was_never_in_progress_has_no_cycle_time_and_is_counted_apart() -> None:
    found = issue_of(story(), through=[("05-06 12:00", 4)])
    assert (found["cycle_state"], found["cycle_seconds"]) == ("never_in_progress", None)
    assert found["to_do_seconds"] == 50 * HOUR


def test_5_flow_efficiency_is_active_in_active_and_waiting_time() -> None:
    steps = [
        ("05-04 12:00", 2),
        ("05-04 18:00", 3),
        ("05-05 12:00", 2),
        ("05-05 18:00", 1),
        ("05-06 06:00", 4),
    ]
    found = issue_of(story(), through=steps)
    assert found["cycle_active_seconds"] == 12 * HOUR
    assert found["cycle_waiting_seconds"] == 30 * HOUR  # blocked, and put back to what is still to do
    assert found["flow_efficiency_basis_points"] == 2857
    assert (found["to_do_seconds"], found["in_progress_seconds"]) == (14 * HOUR, 30 * HOUR)


def test_2_16_cycle_time_in_working_time_goes_by_the_calendar_of_the_team() -> None:
    work = story()
    work.team("commerce")
    work.team("payments", parent="commerce")
    work.owner("checkout", "payments")
    work.gives(
        "calendars", **{**work.flow["calendars"][0], "calendar_id": "short", "hours": ["1 09:00-10:00"]}
    )
    work.gives("team_calendars", team_id="commerce", calendar_id="short", valid_from=None, valid_until=None)
    found = issue_of(work, through=[("05-04 09:30", 2), ("05-12 09:30", 4)])
    assert found["cycle_seconds"] == 8 * DAY - HOUR // 2  # it cannot begin before the issue was there
    assert found["cycle_business_seconds"] == HOUR  # Monday the 11th, by the calendar of the team above


def test_a_change_of_calendar_holds_from_its_day() -> None:
    work = story()
    work.team("payments")
    work.owner("checkout", "payments")
    work.gives(
        "calendars", **{**work.flow["calendars"][0], "calendar_id": "short", "hours": ["2 09:00-10:00"]}
    )
    work.gives(
        "team_calendars",
        team_id="payments",
        calendar_id="short",
        valid_from=work.when("05-06 00:00"),
        valid_until=None,
    )
    first = work.work_item(1, when="05-04 09:00", through=[("05-04 09:00", 2), ("05-05 17:00", 4)])
    second = work.work_item(2, when="05-04 09:00", through=[("05-04 09:00", 2), ("05-06 17:00", 4)])
    told = work.build()
    assert fact(told, first)["cycle_business_seconds"] == 16 * HOUR
    assert fact(told, second)["cycle_business_seconds"] == HOUR


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"issue_type_name": "Bug"}, "defect"),
        ({"issue_type_name": "Story"}, "feature"),
        ({"issue_type_name": "Production Defect"}, "production_defect"),
        ({"issue_type_name": "Bug", "labels": ["production-defect"]}, "production_defect"),
        ({"issue_type_name": "Incident"}, "incident"),
        ({"issue_type_name": "Recipe"}, "other"),
    ],
)
def test_kinds_are_told_by_type_or_label_and_the_first_rule_that_holds(more: Row, kind: str) -> None:
    found = issue_of(story(), **more)
    assert found["kind"] == kind
    assert found["is_production_defect"] == (kind == "production_defect")


def test_services_are_told_by_component_and_project_the_narrowest_first() -> None:
    work = story()
    work.service("search")
    work.service("web")
    work.flow["work_item_scopes"] = [
        {"service_id": "web", "project_key": "SHOP", "component_name": None},
        {"service_id": "search", "project_key": None, "component_name": "Index"},
        {"service_id": "web", "project_key": "SHOP", "component_name": "Index"},
    ]
    issues = [
        work.work_item(1, when="05-04 10:00", components=()),
        work.work_item(2, when="05-04 10:00", components=("Index",), project="OTHER"),
        work.work_item(3, when="05-04 10:00", components=("Index",)),
        work.work_item(4, when="05-04 10:00", components=("Checkout",)),
        work.work_item(5, when="05-04 10:00", components=(), project="OTHER"),
    ]
    told = work.build()
    found = [fact(told, issue)["service_id"] for issue in issues]
    assert found == ["web", "search", "web", "checkout", None]


def test_a_team_has_the_items_of_its_projects_for_as_long_as_they_are_its() -> None:
    work = story()
    work.team("commerce")
    work.team("platform", parent="commerce")
    work.flow["work_item_scopes"] = [
        {"team_id": "platform", "project_key": "OPS", "valid_until": work.when("05-10 00:00")},
        {"team_id": "commerce", "project_key": "OPS", "valid_from": work.when("05-10 00:00")},
    ]
    early = work.work_item(1, when="05-04 10:00", project="OPS", components=(), through=[("05-05 10:00", 4)])
    late = work.work_item(2, when="05-04 10:00", project="OPS", components=(), through=[("05-12 10:00", 4)])
    told = work.build()
    assert (fact(told, early)["team_id"], fact(told, early)["team_path"]) == (
        "platform",
        ["platform", "commerce"],
    )
    assert fact(told, late)["team_id"] == "commerce"


def busy() -> WorkStory:
    """Two finished items in May's second week, one that goes on, one that waits, and a subtask."""
    work = story()
    work.team("payments")
    work.owner("checkout", "payments")
    work.work_item(1, when="05-04 10:00", through=[("05-11 10:00", 2), ("05-12 10:00", 4)])
    work.work_item(2, when="05-04 10:00", through=[("05-11 10:00", 2), ("05-14 10:00", 4)])
    work.work_item(3, when="05-04 10:00", through=[("05-05 00:00", 2)])
    work.work_item(4, when="05-04 10:00", through=[("05-12 10:00", 2), ("05-13 10:00", 3)])
    work.work_item(5, when="05-04 10:00", through=[("05-11 10:00", 2), ("05-12 10:00", 4)], is_subtask=True)
    work.work_item(6, when="05-04 10:00", through=[("05-11 10:00", 2)], is_deleted=True)
    return work


def week(told: Told, scope: str, start: str) -> Row:
    kind, scope_id = scope.split(":")
    (row,) = told.rows(
        "select * from marts.mart_flow_weekly "
        "where scope_kind = $1 and scope_id = $2 and period_start = $3::date",
        kind,
        scope_id,
        start,
    )
    return row


@pytest.mark.parametrize("scope", ["service:checkout", "team:payments", "organisation:acme"])
def test_a_week_shows_what_was_finished_and_what_is_in_progress_with_its_age(scope: str) -> None:
    found = week(busy().build(), scope, "2026-05-11")
    assert (found["throughput"], found["issue_cycle_time"], found["issue_cycle_time_n"]) == (2, 2 * DAY, 2)
    assert (found["work_in_progress"], found["work_waiting"]) == (2, 1)
    ages = [Decimal(13 * DAY), Decimal(5 * DAY + 14 * HOUR)]  # at midnight of Monday the 18th
    assert found["work_age_median"] == sum(ages) / 2
    assert found["flow_efficiency"] == 10_000


def test_what_stays_in_progress_is_in_progress_every_week_and_grows_older() -> None:
    rows = (
        busy()
        .build()
        .rows(
            "select period_start, work_in_progress, work_age_p90 from marts.mart_flow_weekly "
            "where scope_kind = 'team' and period_start >= '2026-05-18' order by 1"
        )
    )
    assert {row["work_in_progress"] for row in rows} == {2}
    ages = [row["work_age_p90"] for row in rows]
    assert all(later - earlier == 7 * DAY for earlier, later in pairwise(ages[:6]))


def test_a_week_that_the_covered_range_cuts_counts_what_was_in_progress_where_it_ends() -> None:
    work = busy()
    work.coverage = ("2026-01-01 00:00", "2026-05-13 00:00")
    found = week(work.build(), "team:payments", "2026-05-11")
    assert (found["is_partial"], found["work_in_progress"], found["work_waiting"]) == (True, 3, 0)


def test_metrics_of_work_do_not_wait_for_a_first_deployment() -> None:
    told = busy().build()
    assert told.value("throughput", "service:checkout", "2026-05-01")["value"] == 2
    assert told.value("issue_cycle_time", "team:payments", "2026-05-01")["value"] == 2 * DAY


def sprint(work: WorkStory, number: int, **more: Any) -> None:
    row = {"sprint_id": number, "board_id": 1, "state": "closed", "started_at": work.when("05-04 09:00")}
    row |= {"ends_at": work.when("05-18 09:00"), "completed_at": work.when("05-18 10:00")}
    work.stage("jira__sprints", **{**row, **more})


def sprint_counts(told: Told) -> dict[str, Any]:
    (row,) = told.rows("select * from marts.fct_sprints where sprint_id = 'jira:jira:sprint:1'")
    names = ("committed", "added", "removed", "completed", "carried_over")
    return {name: row[f"{name}_count"] for name in names} | {"team": row["team_id"]}


def test_5_sprints_count_what_was_committed_added_removed_and_completed() -> None:
    work = story()
    work.team("payments")
    work.owner("checkout", "payments")
    sprint(work, 1)
    done = [("05-05 10:00", 2), ("05-06 10:00", 4)]
    work.work_item(1, when="05-01 10:00", through=done, sprint_ids=[1])  # from its creation on
    work.work_item(2, when="05-01 10:00", through=done)
    work.change(2, "05-07 10:00", "Sprint", None, "1")  # comes in later, done
    work.work_item(3, when="05-01 10:00")
    work.change(3, "05-02 10:00", "Sprint", None, "1")
    work.change(3, "05-08 10:00", "Sprint", "1", None)  # is taken out
    work.work_item(4, when="05-01 10:00")
    work.change(4, "05-04 09:00", "Sprint", "9", "9, 1")  # at the very start
    work.change(4, "05-18 10:00", "Sprint", "9, 1", "9, 1, 2")  # closed sprints stay in the field
    work.work_item(
        5, when="05-01 10:00", through=[("05-02 10:00", 4)], sprint_ids=[1]
    )  # done before it began
    work.work_item(6, when="05-01 10:00")
    work.change(6, "05-19 10:00", "Sprint", None, "1")  # after its end
    assert sprint_counts(work.build()) == {
        "committed": 3,
        "added": 1,
        "removed": 1,
        "completed": 2,
        "carried_over": 1,
        "team": "payments",
    }


def test_what_moves_on_when_a_sprint_is_closed_was_in_it_to_the_end() -> None:
    work = story()
    sprint(work, 1)
    work.work_item(1, when="05-01 10:00")
    work.change(1, "05-02 10:00", "Sprint", None, "1")
    work.change(1, "05-18 10:00", "Sprint", "1", "2")
    found = sprint_counts(work.build())
    assert (found["removed"], found["carried_over"]) == (0, 1)


def test_a_sprint_that_goes_on_shows_what_stands_now_and_one_to_come_is_none() -> None:
    work = story()
    sprint(work, 1, state="active", completed_at=None)
    sprint(work, 2, state="future")
    work.work_item(1, when="05-01 10:00", through=[("05-05 10:00", 4)], sprint_ids=[1])
    work.work_item(2, when="05-01 10:00", sprint_ids=[1])
    told = work.build()
    found = sprint_counts(told)
    assert (found["completed"], found["carried_over"]) == (1, 1)
    assert [row["sprint_id"] for row in told.rows("select * from marts.fct_sprints")] == [
        "jira:jira:sprint:1"
    ]


def test_a_sprint_belongs_to_the_team_that_its_board_was_given_to() -> None:
    work = story()
    work.team("payments")
    work.stage("jira__boards", board_id=1, board_name="Payments board")
    work.flow["work_item_scopes"] = [{"team_id": "payments", "board_name": "Payments board"}]
    sprint(work, 1)
    assert sprint_counts(work.build())["team"] == "payments"


def reviewed(story_: Story | None = None) -> WorkStory:
    work = story_ if isinstance(story_, WorkStory) else story()
    work.pull_request(
        7, opened="05-04 10:00", commits=[("a", "05-04 09:00")], merged="05-08 10:00", result="a"
    )
    return work


def pull_request(work: WorkStory) -> Row:
    (row,) = work.build().rows("select * from marts.fct_pull_request_reviews")
    return row


def test_2_13_neither_a_bots_review_nor_the_authors_own_is_a_first_review() -> None:
    work = reviewed()
    work.review(7, when="05-04 11:00", by="p_bot", is_bot=True)
    work.review(7, when="05-04 12:00", by="p_author")
    work.review(7, when="05-05 12:00")
    found = pull_request(work)
    assert (found["first_review_seconds"], found["review_count"]) == (26 * HOUR, 1)
    assert found["first_review_business_seconds"] == 10 * HOUR


def test_5_a_merge_that_only_bots_and_its_author_looked_at_is_unreviewed() -> None:
    work = reviewed()
    work.review(7, when="05-04 11:00", by="p_bot", is_bot=True)
    work.review(7, when="05-09 12:00")  # after the merge
    found = pull_request(work)
    assert (found["is_reviewed"], found["first_review_seconds"]) == (False, None)


def test_5_commits_that_follow_a_review_begin_another_round() -> None:
    work = reviewed()
    work.review(7, when="05-05 10:00")
    work.review(7, when="05-05 12:00", by="p_other")
    work.own_commit(7, "b", when="05-05 15:00", position=2)
    work.own_commit(7, "c", when="05-05 16:00", position=3)
    work.review(7, when="05-06 10:00")
    assert pull_request(work)["review_round_count"] == 2


def test_5_a_change_is_linked_by_a_work_item_and_not_by_another_pull_request() -> None:
    work = reviewed()
    assert pull_request(work)["is_linked"] is False
    work.staged["stg_github__pull_requests"][0]["mentioned_issues"] = ["acme/checkout#7"]
    assert pull_request(work)["is_linked"] is False
    work.staged["stg_github__pull_requests"][0]["mentioned_issues"] = ["acme/checkout#7", "acme/checkout#1"]
    assert pull_request(work)["is_linked"] is True


def test_an_issue_whose_timeline_names_the_pull_request_links_it() -> None:
    work = reviewed()
    work.issue(1, when="05-01 10:00")
    work.happens(1, "cross-referenced", "05-04 10:00", cross_reference="acme/checkout#7")
    assert pull_request(work)["is_linked"] is True


def test_size_is_known_where_the_source_tells() -> None:
    work = reviewed()
    assert pull_request(work)["changed_line_count"] is None
    details = {
        "item_type": "PullRequest",
        "repository": "acme/checkout",
        "number": 7,
        "changed_file_count": 2,
    }
    work.stage("github__item_details", **details, added_line_count=10, deleted_line_count=3)
    found = pull_request(work)
    assert (found["changed_line_count"], found["changed_file_count"]) == (13, 2)


def test_a_review_that_is_older_than_its_pull_request_is_a_fault_and_has_no_duration() -> None:
    work = reviewed()
    work.review(7, when="05-03 10:00")
    found = pull_request(work)
    assert (found["first_review_seconds"], found["has_time_fault"], found["is_reviewed"]) == (
        None,
        True,
        True,
    )


def test_pull_requests_of_bots_are_left_out_of_review_metrics() -> None:
    work = reviewed()
    work.pull_request(
        8, opened="05-04 10:00", commits=[("z", "05-04 09:00")], merged="05-08 10:00", is_author_bot=True
    )
    found = week(work.build(), "service:checkout", "2026-05-04")
    assert (found["pull_requests_merged"], found["unreviewed_merge_share_n"]) == (1, 1)
    assert (found["unreviewed_merge_share"], found["unlinked_change_share"]) == (1, 1)
