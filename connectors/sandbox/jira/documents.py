"""Renders Jira's objects, for Cloud (v3) or Data Center (v2)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from connectors.sandbox.jira.edits import POINTS_FIELD, RANK_FIELD, RESOLUTIONS, SPRINT_FIELD
from connectors.sandbox.jira.plan import FORMER_USER
from connectors.sandbox.jira.state import (
    STATUSES,
    Board,
    Change,
    Issue,
    JiraState,
    Project,
    Sprint,
    Version,
    Worklog,
)

Document = dict[str, Any]

ZONE_NAME, ZONE = "Asia/Kolkata", timezone(timedelta(hours=5, minutes=30))
"""The time zone of the account that asks: times are shown, and times in JQL are read, in it."""

CATEGORIES = {"new": (2, "To Do"), "indeterminate": (4, "In Progress"), "done": (3, "Done")}
ISSUE_TYPES = {"Story": "10101", "Bug": "10102", "Task": "10103", "Incident": "10104"}
EMBEDDED_CHANGES, EMBEDDED_WORKLOGS = 40, 20
SPRINT_TYPE = "com.pyxis.greenhopper.jira:gh-sprint"
_STORED_TYPE = "com.atlassian.jira.plugin.system.customfieldtypes"

FIELDS: tuple[Document, ...] = (
    *(
        {"id": name, "key": name, "name": title, "custom": False, "orderable": True, "navigable": True,
         "searchable": True, "clauseNames": [name], "schema": {"type": kind, "system": name}}
        for name, title, kind in (
            ("summary", "Summary", "string"), ("status", "Status", "status"),
            ("assignee", "Assignee", "user"), ("labels", "Labels", "array"),
            ("priority", "Priority", "priority"), ("created", "Created", "datetime"),
            ("updated", "Updated", "datetime"), ("resolution", "Resolution", "resolution"),
        )
    ),
    *(
        {"id": name, "key": name, "name": title, "custom": True, "orderable": True, "navigable": True,
         "searchable": True, "clauseNames": [f"cf[{name[12:]}]", title],
         "schema": {"type": kind, "custom": custom, "customId": int(name[12:])}}
        for name, title, kind, custom in (
            (POINTS_FIELD, "Story Points", "number", f"{_STORED_TYPE}:float"),
            (RANK_FIELD, "Rank", "any", "com.pyxis.greenhopper.jira:gh-lexo-rank"),
            (SPRINT_FIELD, "Sprint", "array", SPRINT_TYPE),
            ("customfield_10041", "Team", "option", f"{_STORED_TYPE}:select"),
            ("customfield_10042", "Team", "string", f"{_STORED_TYPE}:textfield"),
        )
    ),
)  # fmt: skip
"""Two custom fields have the same name: Jira allows that."""


def stamp(at: int) -> str:
    """An instant as Jira shows it: in the account's zone, the offset without a colon."""
    return datetime.fromtimestamp(at / 1000, ZONE).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}+0530"


def utc_stamp(at: int) -> str:
    """An instant as the agile API shows it."""
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at % 1000:03d}Z"


def account_id(login: str) -> str:
    """The Atlassian account of somebody."""
    return f"712020:{hashlib.blake2b(login.encode(), digest_size=16).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Renderer:
    """Renders what is there now.

    Attributes:
        state: The site.
        base_url: Where the client sees it.
        is_cloud: Whether accounts and texts have Cloud's form.
    """

    state: JiraState
    base_url: str
    is_cloud: bool

    @property
    def api(self) -> str:
        """Where the platform's API lies."""
        return f"{self.base_url}/rest/api/{3 if self.is_cloud else 2}"

    def user(self, login: str) -> Document:
        """An account; an erased one keeps its id and nothing else."""
        person = self.state.people[login]
        is_erased = login in self.state.erased
        shown = {
            "displayName": FORMER_USER if is_erased else person.name,
            "active": login not in self.state.left,
            "timeZone": ZONE_NAME,
        }
        if self.is_cloud:
            account = account_id(login)
            kind = "app" if person.is_bot else "atlassian"
            return {
                "self": f"{self.api}/user?accountId={account}",
                "accountId": account,
                "accountType": kind,
                **shown,
            }
        name = f"jirauser{person.number}" if is_erased else login
        email = f"{name}@jira.invalid" if is_erased else person.email
        return {"self": f"{self.api}/user?username={name}", "key": f"JIRAUSER{person.number}", "name": name,
                "emailAddress": email, **shown}  # fmt: skip

    def project(self, project: Project) -> Document:
        """A project."""
        return {
            "self": f"{self.api}/project/{project.id}",
            "id": str(project.id),
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "simplified": False,
            "style": "classic",
            "isPrivate": False,
            "lead": self.user(project.lead),
        }

    def status(self, status: str) -> Document:
        """A status with its category."""
        name, category = STATUSES[status]
        return {
            "self": f"{self.api}/status/{status}",
            "id": status,
            "name": name,
            "statusCategory": self.category(category),
        }

    def category(self, key: str) -> Document:
        """A status category."""
        number, name = CATEGORIES[key]
        return {
            "self": f"{self.api}/statuscategory/{number}",
            "id": number,
            "key": key,
            "name": name,
            "colorName": "green",
        }

    def sprint(self, sprint: Sprint) -> Document:
        """A sprint: future, active, then closed."""
        at = self.state.at
        state = "future" if at < sprint.starts_at else "active" if at < sprint.ends_at else "closed"
        closed = {"completeDate": utc_stamp(sprint.ends_at)} if state == "closed" else {}
        return {"id": sprint.id, "self": f"{self.base_url}/rest/agile/1.0/sprint/{sprint.id}", "state": state,
                "name": sprint.name, "startDate": utc_stamp(sprint.starts_at),
                "endDate": utc_stamp(sprint.ends_at), **closed,
                "originBoardId": sprint.board, "goal": ""}  # fmt: skip

    def board(self, board: Board) -> Document:
        """A board with the project where it is kept."""
        project = next(row for row in self.state.projects.values() if row.key == board.project)
        return {
            "id": board.id,
            "self": f"{self.base_url}/rest/agile/1.0/board/{board.id}",
            "name": board.name,
            "type": board.kind,
            "location": {"projectId": project.id, "projectKey": project.key, "projectName": project.name},
        }

    def version(self, version: Version) -> Document:
        """A version of a project."""
        day = datetime.fromtimestamp(version.released_at / 1000, UTC).date().isoformat()
        project = next(row for row in self.state.projects.values() if row.key == version.project)
        return {"self": f"{self.api}/version/{version.id}", "id": str(version.id), "name": version.name,
                "archived": False, "released": True, "releaseDate": day, "projectId": project.id}  # fmt: skip

    def worklog(self, row: Worklog) -> Document:
        """A worklog."""
        return {
            "self": f"{self.api}/issue/{row.issue}/worklog/{row.id}",
            "id": str(row.id),
            "issueId": str(row.issue),
            "author": self.user(row.author),
            "updateAuthor": self.user(row.author),
            "created": stamp(row.created_at),
            "updated": stamp(row.updated_at),
            "started": stamp(row.created_at - row.seconds * 1000),
            "timeSpent": f"{row.seconds // 60}m",
            "timeSpentSeconds": row.seconds,
        }

    def change(self, change: Change, *, is_bulk: bool = False) -> Document:
        """An entry of a changelog; the bulk endpoint gives its instant in epoch milliseconds."""
        return {
            "id": str(change.id),
            "author": self.user(change.author),
            "created": change.at if is_bulk else stamp(change.at),
            "items": list(change.items),
        }

    def issue(self, issue: Issue, *, wanted: set[str], expand: set[str]) -> Document:
        """An issue with the fields that were asked for."""
        document: Document = {"id": str(issue.id), "key": issue.key, "self": f"{self.api}/issue/{issue.id}"}
        fields = self.fields(issue)
        if "*all" not in wanted:
            fields = {name: value for name, value in fields.items() if name in wanted}
        if fields or not self.is_cloud:
            document["fields"] = fields
        if "changelog" in expand:
            document["changelog"] = self.embedded_changelog(issue)
        return document

    def embedded_changelog(self, issue: Issue) -> Document:
        """What a search shows of a history: all of it in Data Center, the newest entries in Cloud."""
        newest = sorted(issue.changes, key=lambda change: -change.id)
        shown = newest[:EMBEDDED_CHANGES] if self.is_cloud else newest[::-1]
        return {"startAt": 0, "maxResults": len(shown), "total": len(newest),
                "histories": [self.change(change) for change in shown]}  # fmt: skip

    def fields(self, issue: Issue) -> Document:
        """Every field of an issue."""
        logged = [issue.worklogs[each] for each in sorted(issue.worklogs)]
        priority = {
            "id": str(sorted(("Highest", "High", "Medium", "Low")).index(issue.priority) + 1),
            "name": issue.priority,
        }
        return {
            "summary": issue.summary,
            "description": self.text(issue.description),
            "issuetype": {"id": ISSUE_TYPES[issue.kind], "name": issue.kind, "subtask": False},
            "project": {"id": str(issue.project.id), "key": issue.project.key, "name": issue.project.name},
            "status": self.status(issue.status),
            **({"statuscategorychangedate": stamp(issue.status_since)} if self.is_cloud else {}),
            "resolution": self.resolution(issue),
            "resolutiondate": stamp(issue.resolved_at) if issue.resolved_at else None,
            "priority": priority,
            "labels": list(issue.labels),
            "components": [
                {"id": str(row.id), "name": row.name}
                for row in self.state.components
                if row.name in issue.components
            ],
            "fixVersions": [],
            "versions": [],
            "issuelinks": [],
            "assignee": self.user(issue.assignee) if issue.assignee else None,
            "reporter": self.user(issue.reporter),
            "creator": self.user(issue.reporter),
            "created": stamp(issue.created_at),
            "updated": stamp(issue.updated_at),
            "duedate": None,
            "timeoriginalestimate": None,
            "timeestimate": None,
            "timespent": sum(row.seconds for row in logged) or None,
            "worklog": {"startAt": 0, "maxResults": EMBEDDED_WORKLOGS, "total": len(logged),
                        "worklogs": [self.worklog(row) for row in logged[:EMBEDDED_WORKLOGS]]},
            POINTS_FIELD: issue.points,
            SPRINT_FIELD: self.sprint_field(issue),
            RANK_FIELD: f"0|i{issue.id:05d}:{issue.rank}",
            "customfield_10041": None,
            "customfield_10042": None,
        }  # fmt: skip

    def resolution(self, issue: Issue) -> Document | None:
        """How an issue ended."""
        if issue.resolution is None:
            return None
        number, name = RESOLUTIONS[issue.resolution]
        return {"id": number, "name": name}

    def sprint_field(self, issue: Issue) -> list[Any] | None:
        """The sprints of an issue: objects in Cloud, the text of an object in Data Center."""
        rows = [self.sprint(row) for row in self.state.planned_sprints if row.id in issue.sprints]
        if self.is_cloud or not rows:
            return [{**row, "boardId": row["originBoardId"]} for row in rows] or None
        return [
            f"com.atlassian.greenhopper.service.sprint.Sprint@{row['id']:x}[id={row['id']},rapidViewId={row['originBoardId']},"
            f"state={row['state'].upper()},name={row['name']},startDate={row['startDate']},endDate={row['endDate']}]"
            for row in rows
        ]

    def text(self, text: str) -> Document | str:
        """A rich text: a document in Cloud, markup in Data Center."""
        if not self.is_cloud:
            return text
        lines = [
            {"type": "paragraph", "content": [{"type": "text", "text": line}]}
            for line in text.splitlines()
            if line
        ]
        return {"type": "doc", "version": 1, "content": lines}
