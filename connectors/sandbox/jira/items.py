"""Answers questions about one thing by its id, and how many issues a query finds."""

import json
import re
from typing import Any

from connectors.sandbox.api import ApiRequest
from connectors.sandbox.jira.documents import Document, Renderer
from connectors.sandbox.jira.searching import Searches
from connectors.sandbox.jira.state import STATUSES, JiraState

_ITEM = re.compile(r"/(status|version|component|board|sprint)/(\d+)")
_WORKLOG = re.compile(r"/issue/([^/]+)/worklog/(\d+)")


def item_at(state: JiraState, render: Renderer, path: str) -> Document | None:
    """The one thing that a path names; None where there is none."""
    worklog = _WORKLOG.fullmatch(path)
    if worklog is not None:
        rows = (
            issue.worklogs.get(int(worklog[2]))
            for issue in state.issues.values()
            if worklog[1] in (issue.key, str(issue.id))
        )
        return next((render.worklog(row) for row in rows if row is not None), None)
    found = _ITEM.fullmatch(path)
    return _by_id(state, render, found[1], found[2]) if found is not None else None


def _by_id(state: JiraState, render: Renderer, kind: str, name: str) -> Document | None:
    if kind == "status":
        return render.status(name) if name in STATUSES else None
    of_kind: dict[str, tuple[Any, Any]] = {
        "version": (state.versions, render.version),
        "component": (state.components, lambda row: component(state, render, row)),
        "board": (state.boards, render.board),
        "sprint": (state.planned_sprints, render.sprint),
    }
    rows, make = of_kind[kind]
    return next((make(row) for row in rows if str(row.id) == name), None)


def component(state: JiraState, render: Renderer, row: Any) -> Document:
    """A component of a project."""
    project = next(each for each in state.projects.values() if each.key == row.project)
    return {"self": f"{render.api}/component/{row.id}", "id": str(row.id), "name": row.name,
            "project": project.key, "projectId": project.id, "assigneeType": "PROJECT_DEFAULT"}  # fmt: skip


def approximate_count(searches: Searches, request: ApiRequest) -> Document:
    """How many issues Cloud's index finds for a query.

    Raises:
        JqlError: The query cannot be answered.
    """
    return {"count": len(searches.found(str(json.loads(request.body).get("jql", ""))))}
