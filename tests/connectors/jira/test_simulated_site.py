"""The simulated site itself: a fold over the story that behaves as Jira does where it hurts."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from connectors.sandbox.api import ApiRequest, ApiResponse
from connectors.sandbox.jira.api import JiraApi
from connectors.sandbox.jira.state import STATUSES
from tests.connectors.jira.site import END, MIDDLE, TOKEN, story

ISSUES = {"jql": ("updated >= 0",), "fields": ("*all",), "maxResults": ("1000",)}


def site(*, is_cloud: bool = True, token: str | None = None) -> JiraApi:
    """A site that has not begun yet."""
    company, events = story()
    return JiraApi(company, events, token, is_cloud=is_cloud)


def ask(
    api: JiraApi, path: str, query: Mapping[str, tuple[str, ...]] | None = None, body: Any = None
) -> ApiResponse:
    """Ask one question."""
    method, content = ("GET", b"") if body is None else ("POST", json.dumps(body).encode())
    return api.respond(ApiRequest(method, path, query or {}, {}, content, base_url="https://jira.example"))


@pytest.mark.parametrize(
    ("is_cloud", "path"), [(True, "/rest/api/3/search/jql"), (False, "/rest/api/2/search")]
)
def test_time_in_two_steps_gives_the_site_of_one(is_cloud: bool, path: str) -> None:
    at_once, in_steps = site(is_cloud=is_cloud), site(is_cloud=is_cloud)
    at_once.move_to(int(END.timestamp()))
    in_steps.move_to(int(MIDDLE.timestamp()))
    in_steps.move_to(int(END.timestamp()))
    assert ask(at_once, path, ISSUES).document == ask(in_steps, path, ISSUES).document
    with pytest.raises(ValueError, match="cannot go back"):
        in_steps.move_to(int(MIDDLE.timestamp()))


def test_issues_go_through_the_statuses_of_their_pull_requests() -> None:
    api = site()
    api.move_to(int(END.timestamp()))
    reached = {
        item["to"]
        for issue in api.state.issues.values()
        for change in issue.changes
        for item in change.items
        if item["field"] == "status"
    }
    assert set(STATUSES) - {"10000"} <= reached
    done = [issue for issue in api.state.issues.values() if issue.resolution]
    assert done
    assert all(issue.status == "10002" and issue.resolved_at for issue in done)


def test_nobody_is_let_in_without_the_token() -> None:
    api = site(token=TOKEN)
    assert ask(api, "/rest/api/3/myself").status == 401
    assert api.respond(ApiRequest("GET", "/rest/api/3/search")).status == 410


@pytest.mark.parametrize(
    ("path", "query", "says"),
    [
        ("/rest/api/3/search/jql", {"jql": ("order by key",)}, "Unbounded"),
        ("/rest/api/3/search/jql", {"jql": ("project = NOPE",)}, "does not exist for the field"),
        ("/rest/api/3/search/jql", {"jql": ("updated >= 'soon'",)}, "invalid"),
        ("/rest/api/3/search/jql", {"jql": ("updated >= 0",), "nextPageToken": ("x",)}, "page token"),
        ("/rest/agile/1.0/board/4/sprint", {}, "does not support sprints"),
    ],
)
def test_it_refuses_what_jira_refuses(path: str, query: dict[str, tuple[str, ...]], says: str) -> None:
    api = site()
    api.move_to(int(END.timestamp()))
    refused = ask(api, path, query)
    assert refused.status == 400
    assert says in refused.document["errorMessages"][0]


def test_bulk_requests_have_the_bounds_of_the_api() -> None:
    api = site()
    api.move_to(int(END.timestamp()))
    bodies: tuple[dict[str, Any], ...] = (
        {"issueIdsOrKeys": []},
        {"issueIdsOrKeys": [str(each) for each in range(1001)]},
        {"issueIdsOrKeys": ["1"], "maxResults": 10_001},
        {"issueIdsOrKeys": ["1"], "fieldIds": [str(each) for each in range(11)]},
    )
    for body in bodies:
        assert ask(api, "/rest/api/3/changelog/bulkfetch", body=body).status == 400
    assert ask(api, "/rest/api/3/worklog/list", body={"ids": list(range(1001))}).status == 400
