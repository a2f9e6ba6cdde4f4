"""Answers everything but searches: what the site is made of, histories, worklogs, boards and sprints."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from connectors.sandbox.api import ApiRequest, ApiResponse
from connectors.sandbox.jira.documents import CATEGORIES, FIELDS, ISSUE_TYPES, Document, Renderer
from connectors.sandbox.jira.items import component, item_at
from connectors.sandbox.jira.searching import names
from connectors.sandbox.jira.state import STATUSES, Change, Issue, JiraState, Project

MINUTE = 60_000
WORKLOG_IDS = 1000
BULK_ISSUES, BULK_FIELDS, BULK_CHANGES = 1000, 10, 10_000
_PROJECT = re.compile(r"/project/([^/]+)(/versions|/components)?")
_ISSUE = re.compile(r"/issue/([^/]+)(/changelog|/worklog)?")
_SPRINTS = re.compile(r"/board/(\d+)/sprint")

Handler = Callable[[JiraState, Renderer, ApiRequest], Any]


def platform(state: JiraState, render: Renderer, request: ApiRequest, path: str) -> ApiResponse:
    """The platform's API, below its version."""
    handler = _BOTH.get((request.method, path)) or (_CLOUD if render.is_cloud else _DATA_CENTER).get(
        (request.method, path)
    )
    if handler is not None:
        return as_response(handler(state, render, request))
    project, issue = _PROJECT.fullmatch(path), _ISSUE.fullmatch(path)
    if request.method == "GET" and project is not None:
        return as_response(_of_project(state, render, project[1], project[2]))
    if request.method == "GET" and issue is not None:
        return as_response(_of_issue(state, render, request, issue[1], issue[2]))
    if request.method == "GET" and (found := item_at(state, render, path)) is not None:
        return ApiResponse(found)
    return missing("null for uri: " + request.path)


def agile(state: JiraState, render: Renderer, request: ApiRequest, path: str) -> ApiResponse:
    """Boards and sprints."""
    wanted = request.parameter("projectKeyOrId")
    if path == "/board":
        rows = [render.board(row) for row in state.boards if wanted in ("", row.project)]
        return ApiResponse(paged(rows, request, largest=50))
    one = item_at(state, render, path)
    if one is not None:
        return ApiResponse(one)
    found = _SPRINTS.fullmatch(path)
    board = next((row for row in state.boards if found and row.id == int(found[1])), None)
    if board is None:
        return missing("Board does not exist or you do not have permission to see it.")
    if board.kind == "kanban":
        return refused("The board does not support sprints")
    states = names(request, "state")
    rows = [
        row for row in map(render.sprint, state.sprints(board.id)) if not states or row["state"] in states
    ]
    return ApiResponse(paged(rows, request, largest=50))


def as_response(answer: Any) -> ApiResponse:
    """What a handler found; nothing found is a refusal."""
    if isinstance(answer, ApiResponse):
        return answer
    return (
        missing("It does not exist or you do not have permission to see it.")
        if answer is None
        else ApiResponse(answer)
    )


def missing(message: str) -> ApiResponse:
    """There is nothing here."""
    return ApiResponse({"errorMessages": [message], "errors": {}}, status=404)


def refused(message: str) -> ApiResponse:
    """The request makes no sense."""
    return ApiResponse({"errorMessages": [message], "errors": {}}, status=400)


def paged(rows: Sequence[Document], request: ApiRequest, *, largest: int) -> Document:
    """A page of a listing by offset."""
    start, size = (
        int(request.parameter("startAt", "0")),
        min(int(request.parameter("maxResults", "50")), largest),
    )
    shown = rows[start : start + size]
    is_last = start + size >= len(rows)
    return {
        "startAt": start,
        "maxResults": size,
        "total": len(rows),
        "isLast": is_last,
        "values": list(shown),
    }


def _projects(state: JiraState, render: Renderer, request: ApiRequest) -> Any:
    rows = [render.project(row) for row in sorted(state.projects.values(), key=lambda row: row.key)]
    return paged(rows, request, largest=100) if render.is_cloud else rows


def _of_project(state: JiraState, render: Renderer, name: str, part: str | None) -> Any:
    project: Project | None = next(
        (row for row in state.projects.values() if name in (row.key, str(row.id))), None
    )
    if project is None:
        return missing(f"No project could be found with key '{name}'.")
    if part == "/versions":
        return [render.version(row) for row in state.versions if row.project == project.key]
    if part == "/components":
        return [component(state, render, row) for row in state.components if row.project == project.key]
    return render.project(project)


def _of_issue(state: JiraState, render: Renderer, request: ApiRequest, name: str, part: str | None) -> Any:
    issue: Issue | None = next((row for row in state.issues.values() if name in (row.key, str(row.id))), None)
    if issue is None:
        return missing("Issue does not exist or you do not have permission to see it.")
    if part == "/worklog":
        rows = [render.worklog(issue.worklogs[each]) for each in sorted(issue.worklogs)]
        page = paged(rows, request, largest=5000)
        return {key: page[key] for key in ("startAt", "maxResults", "total")} | {"worklogs": page["values"]}
    if part == "/changelog":
        if not render.is_cloud:
            return missing("null for uri: " + request.path)
        return paged([render.change(change) for change in issue.changes], request, largest=100)
    return render.issue(issue, wanted=names(request, "fields", "*all"), expand=names(request, "expand"))


def _users(state: JiraState, render: Renderer, request: ApiRequest) -> Any:
    people = sorted(state.joined, key=lambda login: state.people[login].number)
    start, size = (
        int(request.parameter("startAt", "0")),
        min(int(request.parameter("maxResults", "50")), 1000),
    )
    return [render.user(login) for login in people[start : start + size]]


def _bulk_changelogs(state: JiraState, render: Renderer, request: ApiRequest) -> Any:
    """The changes of many issues, oldest first: the entries of one issue may be spread over pages."""
    asked = json.loads(request.body)
    wanted = set(asked.get("issueIdsOrKeys", ()))
    if not 1 <= len(wanted) <= BULK_ISSUES or len(asked.get("fieldIds", ())) > BULK_FIELDS:
        return refused("The number of issues or fields is out of bounds.")
    size = int(asked.get("maxResults", 1000))
    if not 1 <= size <= BULK_CHANGES:
        return refused("maxResults is out of bounds.")
    rows: list[tuple[int, int, int, Change]] = sorted(
        (change.at, issue.id, change.id, change)
        for issue in state.issues.values() if wanted & {issue.key, str(issue.id)}
        for change in issue.changes
    )  # fmt: skip
    start = int(asked.get("nextPageToken") or 0)
    groups: dict[int, list[Document]] = {}
    for _, issue_id, _, change in rows[start : start + size]:
        groups.setdefault(issue_id, []).append(render.change(change, is_bulk=True))
    document: Document = {
        "issueChangeLogs": [
            {"issueId": str(each), "changeHistories": found} for each, found in groups.items()
        ]
    }
    return document | ({"nextPageToken": str(start + size)} if start + size < len(rows) else {})


def _changed_worklogs(state: JiraState, render: Renderer, request: ApiRequest) -> Any:
    rows = [(row.updated_at, row.id) for row in state.worklogs()]
    return _worklog_ids(rows, state, render, request, name="updated")


def _deleted_worklogs(state: JiraState, render: Renderer, request: ApiRequest) -> Any:
    rows = sorted((at, each) for each, at in state.deleted_worklogs.items())
    return _worklog_ids(rows, state, render, request, name="deleted")


def _worklog_ids(
    rows: list[tuple[int, int]], state: JiraState, render: Renderer, request: ApiRequest, *, name: str
) -> Document:
    """A page of ids from an instant on, without those of the last minute."""
    since = int(request.parameter("since", "0"))
    found = [(at, each) for at, each in rows if since <= at <= state.at - MINUTE]
    shown = found[:WORKLOG_IDS]
    until = shown[-1][0] if shown else since
    here = f"{render.api}/worklog/{name}"
    document: Document = {
        "values": [{"worklogId": each, "updatedTime": at, "properties": []} for at, each in shown],
        "since": since,
        "until": until,
        "self": f"{here}?since={since}",
        "lastPage": len(found) <= WORKLOG_IDS,
    }
    return document | ({"nextPage": f"{here}?since={until}"} if len(found) > WORKLOG_IDS else {})


def _listed_worklogs(state: JiraState, render: Renderer, request: ApiRequest) -> Any:
    wanted = json.loads(request.body).get("ids", ())
    if len(wanted) > WORKLOG_IDS:
        return refused("The number of worklog ids is out of bounds.")
    rows = {row.id: row for row in state.worklogs()}
    return [render.worklog(rows[each]) for each in wanted if each in rows]


_BOTH: dict[tuple[str, str], Handler] = {
    ("GET", "/myself"): lambda state, render, _: render.user(next(iter(state.projects.values())).lead),
    ("GET", "/status"): lambda _state, render, _: [render.status(each) for each in STATUSES],
    ("GET", "/statuscategory"): lambda _state, render, _: [render.category(each) for each in CATEGORIES],
    ("GET", "/field"): lambda *_: list(FIELDS),
    ("GET", "/issuetype"): lambda *_: [
        {"id": each, "name": name, "subtask": False, "hierarchyLevel": 0}
        for name, each in ISSUE_TYPES.items()
    ],
    ("GET", "/worklog/updated"): _changed_worklogs,
    ("GET", "/worklog/deleted"): _deleted_worklogs,
    ("POST", "/worklog/list"): _listed_worklogs,
}  # fmt: skip
_CLOUD: dict[tuple[str, str], Handler] = {
    ("GET", "/project/search"): _projects,
    ("GET", "/users/search"): _users,
    ("POST", "/changelog/bulkfetch"): _bulk_changelogs,
}
_DATA_CENTER: dict[tuple[str, str], Handler] = {
    ("GET", "/project"): _projects,
    ("GET", "/user/search"): _users,
}
