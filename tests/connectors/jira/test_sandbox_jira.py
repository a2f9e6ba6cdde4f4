"""Jira read from the simulated organisation: everything the first time, what is new after that."""

from datetime import timedelta
from pathlib import Path

import pytest

from connectors.streams import TimeWindow
from tests.connectors.jira.site import DAY, END, MIDDLE, STREAMS, ReadSite, open_site
from tests.connectors.workspace import windows
from tests.replay.loopback import Request

BOTH = pytest.mark.parametrize("is_cloud", [True, False], ids=["cloud", "data_center"])


def targets(requests: list[Request]) -> list[str]:
    """Paths without queries."""
    return [request.path for request in requests]


def assert_complete(site: ReadSite) -> None:
    """What was read is what the site holds."""
    state = site.state
    issues = site.newest("issues")
    assert {key: issue["key"] for key, issue in issues.items() if int(key) in state.issues} == {
        str(issue.id): issue.key for issue in state.issues.values()
    }
    held = {str(change.id) for issue in state.issues.values() for change in issue.changes}
    assert held <= site.changes().keys()
    worklogs = {str(row.id): row.seconds for row in state.worklogs()}
    read = {key: row["timeSpentSeconds"] for key, row in site.newest("worklogs").items()}
    assert worklogs == {key: seconds for key, seconds in read.items() if key in worklogs}


def counts(site: ReadSite) -> dict[str, int]:
    """How many records of each stream were read."""
    return {stream: len(site.records(stream)) for stream in STREAMS}


def expected_counts(site: ReadSite) -> dict[str, int]:
    """How many there are."""
    state, is_cloud = site.state, site.api.is_cloud
    changed = sum(bool(issue.changes) for issue in state.issues.values())
    return {
        "projects": len(state.projects),
        "fields": 13,
        "statuses": 4,
        "status_categories": 3,
        "issue_types": 4,
        "users": len(state.joined),
        "versions": len(state.versions),
        "components": len(state.components),
        "issues": len(state.issues),
        "issue_keys": len(state.issues),
        "changelogs": changed if is_cloud else 0,
        "histories": 0 if is_cloud else len(state.issues),
        "worklog_updates": len(state.worklogs()),
        "worklogs": len(state.worklogs()),
        "worklog_deletions": len(state.deleted_worklogs),
        "boards": len(state.boards),
        "sprints": sum(len(state.sprints(board.id)) for board in state.boards),
    }


@BOTH
def test_the_first_run_brings_everything_that_the_site_holds(tmp_path: Path, is_cloud: bool) -> None:
    with open_site(tmp_path, is_cloud=is_cloud) as site:
        site.extract_all()
        assert counts(site) == expected_counts(site)
        assert_complete(site)
        assert len(site.state.deleted_issues) > 0
        assert max(len(issue.changes) for issue in site.state.issues.values()) > 100
        assert max(len(issue.worklogs) for issue in site.state.issues.values()) > 20


def test_cloud_is_asked_as_seldom_as_its_api_allows(tmp_path: Path) -> None:
    """A hundred issues, the changes of a thousand issues, a thousand worklogs fit into one answer each."""
    with open_site(tmp_path) as site:
        site.extract_all()
        projects, boards = len(site.state.projects), len(site.state.boards) - 1
        alone = ("projects", "fields", "statuses", "status_categories", "issue_types", "boards", "issues",
                 "changelogs", "worklog_updates", "worklogs", "worklog_deletions")  # fmt: skip
        minimum = len(alone) + 3 * projects + boards + 2
        assert len(site.server.requests) == minimum


def test_data_center_is_asked_as_seldom_as_its_api_allows(tmp_path: Path) -> None:
    with open_site(tmp_path, is_cloud=False) as site:
        assert len(site.asked("projects", "fields")) == 2
        assert len(site.asked("issues", "histories")) == 2
        assert len(site.asked("worklog_updates", "worklogs", "worklog_deletions")) == 3
        assert len(site.asked("issue_keys")) == len(site.state.projects)


@BOTH
def test_what_happens_later_comes_with_the_next_run_and_little_else(tmp_path: Path, is_cloud: bool) -> None:
    with open_site(tmp_path, at=MIDDLE, is_cloud=is_cloud) as site:
        site.extract_all()
        assert_complete(site)
        before = counts(site)
        site.move_to(MIDDLE + DAY)
        site.extract_all()
        assert_complete(site)
        changed = [
            issue
            for issue in site.state.issues.values()
            if issue.updated_at >= (MIDDLE - timedelta(minutes=10)).timestamp() * 1000
        ]
        assert counts(site)["issues"] - before["issues"] == len(changed)
        site.move_to(END)
        site.extract_all()
        assert_complete(site)


@BOTH
def test_a_run_that_finds_nothing_new_asks_for_no_history_again(tmp_path: Path, is_cloud: bool) -> None:
    with open_site(tmp_path, is_cloud=is_cloud) as site:
        site.extract_all()
        again = site.asked("issues", "issue_keys", "changelogs", "histories", "worklog_updates", "worklogs")
        assert len(again) == (2 if is_cloud else 3), targets(again)
        assert len(site.records("changelogs")) == expected_counts(site)["changelogs"]


def test_what_nothing_was_due_of_is_known_to_be_complete_all_the_same(tmp_path: Path) -> None:
    """A quiet week looked like a week that nobody had read, where ids come from another stream."""
    with open_site(tmp_path) as site:
        site.extract_all()
        site.server.requests.clear()
        for name in ("changelogs", "worklogs"):
            before = windows(site.store, name)
            site.extract_all((name,))
            new = windows(site.store, name)[len(before) :]
            assert {window["scope"] for window in new} == {window["scope"] for window in before}
            assert all(window["page_indexes"] == [] for window in new)
        assert site.server.requests == []


@BOTH
def test_the_named_projects_are_read_and_no_others(tmp_path: Path, is_cloud: bool) -> None:
    with open_site(tmp_path, is_cloud=is_cloud, projects=("INC", "MAR")) as site:
        site.extract_all()
        mine = [issue for issue in site.state.issues.values() if issue.project.key in {"INC", "MAR"}]
        assert site.newest("issues").keys() == {str(issue.id) for issue in mine}
        assert site.newest("issue_keys").keys() == site.newest("issues").keys()
        assert site.changes().keys() == {str(change.id) for issue in mine for change in issue.changes}
        assert site.newest("worklogs").keys() == {str(row) for issue in mine for row in issue.worklogs}
        logged = [issue for issue in mine if issue.worklogs]
        assert len([path for path in targets(site.server.requests) if "/worklog" in path]) == len(logged) + 1


@BOTH
def test_a_moved_issue_keeps_its_id_and_gets_its_new_key(tmp_path: Path, is_cloud: bool) -> None:
    with open_site(tmp_path, is_cloud=is_cloud) as site:
        moved = [
            (issue, change)
            for issue in site.state.issues.values()
            for change in issue.changes
            if any(item["field"] == "Key" for item in change.items)
        ]
        assert moved
        issue, change = moved[0]
    before, after = END - timedelta(days=100), END
    created, moved_at = issue.created_at / 1000, change.at / 1000
    between = (created + moved_at) / 2
    assert before.timestamp() < between < after.timestamp()
    with open_site(tmp_path / "again", at=END.fromtimestamp(between, END.tzinfo), is_cloud=is_cloud) as site:
        site.extract_all(("projects", "fields", "issues"))
        old_key = site.newest("issues")[str(issue.id)]["key"]
        site.move_to(END)
        site.extract_all(("issues", "issue_keys"))
        assert old_key != issue.key
        assert site.newest("issues")[str(issue.id)]["key"] == issue.key
        assert site.newest("issue_keys")[str(issue.id)]["key"] == issue.key


@BOTH
def test_keys_are_listed_again_after_the_hours_that_the_settings_name(tmp_path: Path, is_cloud: bool) -> None:
    with open_site(tmp_path, at=MIDDLE, is_cloud=is_cloud, reconcile_hours=6) as site:
        site.extract_all(("projects", "issue_keys"))
        site.move_to(MIDDLE + timedelta(hours=5))
        assert site.asked("issue_keys") == []
        site.move_to(MIDDLE + timedelta(hours=6))
        assert len(site.asked("issue_keys")) == len(site.state.projects)


@BOTH
def test_one_window_can_be_read_again_without_moving_the_cursor(tmp_path: Path, is_cloud: bool) -> None:
    with open_site(tmp_path, is_cloud=is_cloud) as site:
        site.extract_all(("fields", "issues"))
        cursor = site.store.cursor("jira", "issues", "site")
        before = len(site.records("issues"))
        window = TimeWindow(END - 30 * DAY, END - 10 * DAY)
        site.extract("issues", window=window)
        inside = [
            issue
            for issue in site.state.issues.values()
            if window.start.timestamp() * 1000 <= issue.updated_at < window.end.timestamp() * 1000
        ]
        assert inside
        assert len(site.records("issues")) - before == len(inside)
        assert site.store.cursor("jira", "issues", "site") == cursor


def test_the_credentials_are_those_that_each_product_takes(tmp_path: Path) -> None:
    with open_site(tmp_path / "cloud") as site:
        assert all(found.is_ok for found in site.source.check())
        assert site.server.requests[-1].headers["authorization"].startswith("Basic ")
    with open_site(tmp_path / "alone", email_env=None) as site:
        assert all(found.is_ok for found in site.source.check())
    with open_site(tmp_path / "data_center", is_cloud=False) as site:
        assert all(found.is_ok for found in site.source.check())
        assert site.server.requests[-1].headers["authorization"].startswith("Bearer ")


def test_a_plan_says_what_a_first_run_costs(tmp_path: Path) -> None:
    with open_site(tmp_path) as site:
        estimates = {row.stream: row for row in site.source.estimate()}
        assert estimates["issues"].requests >= 1
