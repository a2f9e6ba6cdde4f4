"""What Jira does that loses records without a word, one test for each."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.errors import PermanentSourceError
from connectors.sandbox.api import ApiRequest
from connectors.sandbox.jira import edits
from connectors.sandbox.jira.searching import INDEX_LAG
from tests.connectors.jira.site import DAY, END, MIDDLE, MINUTE, ReadSite, open_site, open_source
from tests.connectors.workspace import landed
from tests.replay.loopback import Handler, Request, Response

FEEDS = ("worklog_updates", "worklogs", "worklog_deletions")
REMOVED = ("/rest/api/2/search", "/rest/api/3/search")


def rewritten(path_end: str, change: Callable[[Any], Any]) -> Callable[[Request, Handler], Response]:
    """Answers of a path with their documents changed."""

    def instead(request: Request, answer: Handler) -> Response:
        response = answer(request)
        if not request.path.endswith(path_end) or response.status != 200:
            return response
        return replace(response, body=msgspec.json.encode(change(msgspec.json.decode(response.body))))

    return instead


def test_the_search_that_cloud_removed_is_never_called(tmp_path: Path) -> None:
    with open_site(tmp_path) as site:
        for path in REMOVED:
            gone = site.api.respond(ApiRequest("GET", path))
            assert gone.status == 410
        site.extract_all()
        site.move_to(END + DAY)
        site.extract_all()
        site.source.check()
        site.source.estimate()
        asked = [request for request in site.server.requests if request.path in REMOVED]
        assert asked == []
        assert any(request.path == "/rest/api/3/search/jql" for request in site.server.requests)


@pytest.mark.parametrize("is_cloud", [True, False])
def test_an_account_far_from_utc_misses_nothing(tmp_path: Path, is_cloud: bool) -> None:
    """The simulated account lives at +05:30: a window written as text would begin hours too late or early."""
    with open_site(tmp_path, at=MIDDLE, is_cloud=is_cloud) as site:
        site.extract_all(("fields", "issues"))
        issue = next(iter(site.state.issues.values()))
        later = MIDDLE + timedelta(hours=1)
        edits.rank(site.state, issue, int(later.timestamp() * 1000), author=issue.reporter)
        site.move_to(later + 2 * MINUTE)
        site.extract("issues")
        assert site.records("issues")[-1]["id"] == str(issue.id)
        query = site.server.requests[-1].query["jql"]
        assert '"' not in query
        text = f'updated >= "{later:%Y-%m-%d %H:%M}"'
        path = "/rest/api/3/search/jql" if is_cloud else "/rest/api/2/search"
        headers = {"authorization": site.server.requests[-1].headers["authorization"]}
        found = site.api.respond(ApiRequest("GET", path, {"jql": (text,)}, headers)).document
        assert found["issues"] != []
        behind = f'updated >= "{later + timedelta(hours=5, minutes=31):%Y-%m-%d %H:%M}"'
        assert site.api.respond(ApiRequest("GET", path, {"jql": (behind,)}, headers)).document["issues"] == []


def test_windows_begin_and_end_on_whole_minutes(tmp_path: Path) -> None:
    with open_site(tmp_path, at=MIDDLE + timedelta(seconds=37)) as site:
        site.extract_all(("fields", "issues"))
        site.move_to(MIDDLE + timedelta(minutes=3, seconds=11))
        (request,) = site.asked("issues")
        bounds = [int(word) for word in request.query["jql"].split() if word.isdigit()]
        assert [bound % 60_000 for bound in bounds] == [0, 0]
        start, end = (datetime.fromtimestamp(bound / 1000, MIDDLE.tzinfo) for bound in bounds)
        assert end == MIDDLE + 3 * MINUTE
        assert start <= MIDDLE - 2 * MINUTE


def test_a_change_that_the_index_has_not_seen_comes_with_the_next_run(tmp_path: Path) -> None:
    with open_site(tmp_path, at=MIDDLE) as site:
        issue = next(iter(site.state.issues.values()))
        changed_at = MIDDLE + timedelta(minutes=10)
        site.api.move_to(int(changed_at.timestamp()))
        edits.rank(site.state, issue, site.state.at, author=issue.reporter)
        site.move_to(changed_at + timedelta(milliseconds=INDEX_LAG) - timedelta(seconds=5))
        site.extract_all(("fields", "issues"))
        assert site.newest("issues")[str(issue.id)]["fields"]["updated"]
        before = len(site.records("issues"))
        site.move_to(changed_at + timedelta(minutes=5))
        site.extract("issues")
        assert [record["id"] for record in site.records("issues")[before:]] == [str(issue.id)]


def test_a_short_page_of_a_search_is_not_the_last(tmp_path: Path) -> None:
    with open_site(tmp_path, largest_page=7) as site:
        site.extract_all(("fields", "issues", "projects", "issue_keys"))
        assert len(site.newest("issues")) == len(site.state.issues) > 7
        assert len(site.newest("issue_keys")) == len(site.state.issues)


def test_a_token_that_repeats_ends_the_listing(tmp_path: Path) -> None:
    """The last page has been seen to hand out the token that was used to ask for it."""

    def instead(request: Request, answer: Handler) -> Response:
        response = answer(request)
        if not request.path.endswith("/search/jql"):
            return response
        document = msgspec.json.decode(response.body)
        document.setdefault("nextPageToken", request.query.get("nextPageToken", "again"))
        return replace(response, body=msgspec.json.encode(document))

    with open_site(tmp_path, largest_page=10, instead=instead) as site:
        site.extract_all(("fields", "issues"))
        assert len(site.newest("issues")) == len(site.state.issues)


def test_a_search_shows_the_newest_changes_only_and_the_changelog_all(tmp_path: Path) -> None:
    with open_site(tmp_path) as site:
        longest = max(site.state.issues.values(), key=lambda issue: len(issue.changes))
        path = "/rest/api/3/search/jql"
        query = {"jql": (f"id = {longest.id}",), "fields": ("status",), "expand": ("changelog",)}
        headers = {"authorization": "Bearer ATATT3xTestToken"}
        (shown,) = site.api.respond(ApiRequest("GET", path, query, headers)).document["issues"]
        assert len(shown["changelog"]["histories"]) == 40 < shown["changelog"]["total"]
        site.extract_all(("fields", "issues", "changelogs"))
        read = site.changes()
        assert {str(change.id) for change in longest.changes} <= read.keys()


def test_changes_of_one_issue_that_are_spread_over_pages_are_all_taken(tmp_path: Path) -> None:
    def instead(request: Request, answer: Handler) -> Response:
        if request.path.endswith("/changelog/bulkfetch"):
            asked = json.loads(request.body)
            request = replace(request, body=json.dumps({**asked, "maxResults": 50}).encode())
        return answer(request)

    with open_site(tmp_path, instead=instead) as site:
        site.extract_all(("fields", "issues"))
        held = {str(change.id) for issue in site.state.issues.values() for change in issue.changes}
        assert len(site.asked("changelogs")) == -(-len(held) // 50)
        assert site.changes().keys() == held


def test_changelogs_come_issue_by_issue_where_the_site_refuses_them_in_bulk(tmp_path: Path) -> None:
    def instead(request: Request, answer: Handler) -> Response:
        if request.path.endswith("/changelog/bulkfetch"):
            return Response(b'{"errorMessages": ["Not here."]}', status=404)
        return answer(request)

    with open_site(tmp_path, instead=instead) as site:
        site.extract_all(("fields", "issues"))
        gone = next(iter(site.state.issues.values()))
        held = {
            str(change.id)
            for issue in site.state.issues.values()
            for change in issue.changes
            if issue != gone
        }
        site.state.delete(gone)
        site.extract_all(("changelogs",))
        assert held <= site.changes().keys()
        site.server.requests.clear()
        assert site.asked("changelogs") == []


def test_a_history_that_data_center_cuts_is_read_once_more_by_itself(tmp_path: Path) -> None:
    def cut(document: Any) -> Any:
        for issue in document["issues"]:
            histories = issue.get("changelog", {}).get("histories", [])
            del histories[100:]
        return document

    with open_site(tmp_path, is_cloud=False, instead=rewritten("/search", cut)) as site:
        asked = site.asked("histories")
        long = [issue for issue in site.state.issues.values() if len(issue.changes) > 100]
        assert [request.path.rpartition("/")[2] for request in asked[1:]] == [
            str(issue.id) for issue in sorted(long, key=lambda issue: issue.updated_at)
        ]
        held = {str(change.id) for issue in site.state.issues.values() for change in issue.changes}
        pages = [msgspec.json.decode(answer) for answer in bodies(site)]
        read = {entry["id"] for page in pages for issue in page for entry in issue["changelog"]["histories"]}
        assert read == held


def test_a_history_that_stays_cut_is_an_error_with_a_name(tmp_path: Path) -> None:
    def cut(document: Any) -> Any:
        for issue in document.get("issues", [document]):
            del issue.get("changelog", {}).get("histories", [])[100:]
        return document

    with open_site(tmp_path, is_cloud=False, instead=rewritten("", cut)) as site:
        report = site.extract("histories")
        assert [type(failure.error) for failure in report.failures] == [PermanentSourceError]
        assert "changes of issue" in str(report.failures[0].error)


def bodies(site: ReadSite) -> list[bytes]:
    """The records of each page of histories, an issue alone as a list of one."""
    found = [msgspec.json.decode(row["body"]) for row in landed(site.store, "histories")]
    return [msgspec.json.encode(page.get("issues", [page])) for page in found]


def test_an_issue_with_more_worklogs_than_it_shows_has_them_all_read(tmp_path: Path) -> None:
    for projects in ((), ("INC", "MAR", "CHE", "INV")):
        with open_site(tmp_path / str(len(projects)), projects=projects) as site:
            site.extract_all(("projects", "fields", "issues", "worklog_updates", "worklogs"))
            most = max(site.state.issues.values(), key=lambda issue: len(issue.worklogs))
            assert len(most.worklogs) > 20
            read = [row for row in site.newest("worklogs").values() if row["issueId"] == str(most.id)]
            assert len(read) == len(most.worklogs)


def test_corrected_and_deleted_worklogs_are_noticed(tmp_path: Path) -> None:
    with open_site(tmp_path, at=MIDDLE) as site:
        site.extract_all(FEEDS)
        issue = max(site.state.issues.values(), key=lambda issue: len(issue.worklogs))
        corrected, deleted, *_ = issue.worklogs.values()
        at = site.state.at + 3_600_000
        corrected.seconds, corrected.updated_at = 12_345, at
        site.state.delete_worklog(issue, deleted, at)
        site.move_to(MIDDLE + timedelta(hours=2))
        site.extract_all(FEEDS)
        assert site.newest("worklogs")[str(corrected.id)]["timeSpentSeconds"] == 12_345
        assert deleted.id in {record["worklogId"] for record in site.records("worklog_deletions")}


def test_a_worklog_of_the_last_minute_comes_with_the_next_run(tmp_path: Path) -> None:
    with open_site(tmp_path, at=MIDDLE) as site:
        issue = next(iter(site.state.issues.values()))
        row = site.state.log_work(issue, site.state.at - 30_000, author=issue.reporter, seconds=600)
        site.extract_all(("worklog_updates", "worklogs"))
        assert str(row.id) not in site.newest("worklogs")
        site.move_to(MIDDLE + 2 * MINUTE)
        site.extract_all(("worklog_updates", "worklogs"))
        assert str(row.id) in site.newest("worklogs")


def test_sprints_go_on_where_the_answer_has_no_total(tmp_path: Path) -> None:
    def without_total(document: Any) -> Any:
        return {key: value for key, value in document.items() if key != "total"}

    def instead(request: Request, answer: Handler) -> Response:
        if request.path.endswith("/sprint"):
            request = replace(request, target=request.target.replace("maxResults=50", "maxResults=2"))
        return rewritten("/sprint", without_total)(request, answer)

    with open_site(tmp_path, instead=instead) as site:
        site.extract_all(("boards", "sprints"))
        held = sum(len(site.state.sprints(board.id)) for board in site.state.boards)
        assert len(site.newest("sprints")) == held > 6


def test_a_board_that_has_no_sprints_is_no_failure(tmp_path: Path) -> None:
    """A board of a team-managed project says `simple` and may refuse."""

    def simple(document: Any) -> Any:
        for board in document["values"]:
            board["type"] = "simple"
        return document

    with open_site(tmp_path, instead=rewritten("/board", simple)) as site:
        site.extract_all(("boards", "sprints"))
        assert len(site.newest("sprints")) > 0


def test_one_project_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    with open_site(tmp_path, projects=("GONE", "INC")) as site:
        for stream in ("projects", "fields", "issues", "issue_keys"):
            report = site.extract(stream)
            assert {failure.scope for failure in report.failures} <= {"GONE"}, stream
        assert len(site.reports["issues"].failures) == 1
        assert "GONE" in str(site.reports["issues"].failures[0].error)
        mine = [issue for issue in site.state.issues.values() if issue.project.key == "INC"]
        assert len(site.newest("issues")) == len(mine)


def test_a_limit_is_waited_for_as_long_as_the_site_asks(tmp_path: Path) -> None:
    refused: list[str] = []

    def instead(request: Request, answer: Handler) -> Response:
        if request.path.endswith("/search/jql") and not refused:
            refused.append(request.target)
            return Response(b"{}", status=429, headers={"retry-after": "23", "x-ratelimit-remaining": "0"})
        return answer(request)

    with open_site(tmp_path, instead=instead) as site:
        site.extract_all(("fields", "issues"))
        assert site.time.slept_seconds >= 23
        assert len(site.newest("issues")) == len(site.state.issues)


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (("Team",), "2 fields have that name: customfield_10041, customfield_10042"),
        (("Shoe size",), "no such field"),
    ],
)
def test_a_custom_field_that_cannot_be_told_is_an_error(
    tmp_path: Path, wanted: tuple[str, ...], says: str
) -> None:
    with open_site(tmp_path, custom_fields=wanted) as site:
        site.extract("fields")
        with pytest.raises(PermanentSourceError, match=says):
            site.extract("issues")


def test_a_custom_field_can_be_named_by_its_id(tmp_path: Path) -> None:
    with open_site(tmp_path, custom_fields=("customfield_10042", "Story Points")) as site:
        site.extract_all(("fields", "issues"))
        assert "customfield_10042" in site.server.requests[-1].query["fields"].split(",")
        assert "customfield_10041" not in site.server.requests[-1].query["fields"].split(",")


def test_other_fields_than_last_time_bring_every_issue_again(tmp_path: Path) -> None:
    with open_site(tmp_path, custom_fields=()) as site:
        site.extract_all(("fields", "issues"))
        assert len(site.asked("issues")) == 1
        before = len(site.records("issues"))
        site.source = open_source(
            site.server.base_url, site.store, site.time, is_cloud=True, custom_fields=("Story Points",)
        )
        site.extract("issues")
        again = site.records("issues")[before:]
        assert len(again) == len(site.state.issues)
        assert all("customfield_10016" in record["fields"] for record in again)
        count = len(site.records("issues"))
        site.extract("issues")
        assert len(site.records("issues")) == count


def test_an_erased_user_keeps_the_account_and_loses_the_name(tmp_path: Path) -> None:
    with open_site(tmp_path) as site:
        assert site.state.erased
        site.extract_all(("users",))
        erased = [user for user in site.records("users") if user["displayName"] == "Former user"]
        assert len(erased) == len(site.state.erased)
        assert all(user["accountId"] and "emailAddress" not in user for user in erased)
