"""Jira replies that others recorded (Apache DevLake, Faros), served again as a Cloud site would."""

import copy
import gzip
import json
from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.replay.loopback import Request, Response

Records = list[dict[str, Any]]
API = "/rest/api/3"


def lines(file: Path) -> Records:
    """The lines of a recording."""
    with gzip.open(file, "rt") as text:
        return [json.loads(line) for line in text]


@dataclass
class RecordedSite:
    """The recordings as one site.

    Attributes:
        folder: Where the payloads lie.
    """

    folder: Path
    asked: list[str] = field(default_factory=list)

    def recorded(self, name: str) -> Records:
        """The API's objects in one of DevLake's recordings."""
        rows = lines(self.folder / "devlake" / "jira" / f"raw_jira_api_{name}.ndjson.gz")
        return [row["data"] for row in rows]

    def faros(self, name: str) -> Records:
        """The objects in one of Faros's recordings."""
        file = self.folder / "faros" / "jira" / f"{name}__{name}.json.gz"
        found: Records = json.loads(gzip.decompress(file.read_bytes()))
        return found

    @cached_property
    def histories(self) -> dict[str, Records]:
        """The changelog of each issue: what it embeds (these are all), or what was recorded of it."""
        found: dict[str, Records] = defaultdict(list)
        for issue in self.recorded("issues"):
            found[issue["id"]] = issue["changelog"]["histories"]
        for row in lines(self.folder / "devlake/jira/raw_jira_api_issue_changelogs.ndjson.gz"):
            found[str(row["input"]["issue_id"])].append(row["data"])
        return found

    @cached_property
    def issues(self) -> Records:
        """The recorded issues; of those whose changelog alone was recorded, a copy of one stands in."""
        issues = self.recorded("issues")
        for number in sorted(self.histories.keys() - {issue["id"] for issue in issues}):
            stand_in = copy.deepcopy(issues[0])
            issues.append({**stand_in, "id": number, "key": f"EE-{number}"})
        return [{key: value for key, value in issue.items() if key != "changelog"} for issue in issues]

    @cached_property
    def lists(self) -> dict[str, Any]:
        """What each path answers, by its end."""
        sprints = self.recorded("sprints")
        boards = [{"id": each, "name": f"Board {each}", "type": "scrum"} for each in (8, 13)]
        worklogs = [{"worklogId": int(row["id"]), "updatedTime": 1} for row in self.recorded("worklogs")]
        fields = [{"id": "customfield_10020", "name": "Sprint", "custom": True}]
        return {
            f"{API}/project/search": page(self.recorded("projects")),
            f"{API}/field": fields,
            f"{API}/status": self.recorded("status"),
            f"{API}/issuetype": self.recorded("issue_types"),
            f"{API}/search/jql": {"issues": self.issues, "isLast": True},
            f"{API}/worklog/updated": {"values": worklogs, "lastPage": True, "until": 1},
            f"{API}/worklog/list": self.recorded("worklogs"),
            "/rest/agile/1.0/board": page([*boards, *self.faros("boards")]),
            "/rest/agile/1.0/board/8/sprint": page([row for row in sprints if row["originBoardId"] == 8]),
            "/rest/agile/1.0/board/13/sprint": page([row for row in sprints if row["originBoardId"] == 13]),
            "/rest/agile/1.0/board/1/sprint": page(self.faros("sprints")),
        }

    def __call__(self, request: Request) -> Response:
        """Answer a request."""
        self.asked.append(request.path)
        if request.path == f"{API}/users/search":
            users = [*self.recorded("users"), *self.faros("users")]
            start = int(request.query["startAt"])
            return Response(json.dumps(users[start : start + 1000]).encode())
        if request.path == f"{API}/changelog/bulkfetch":
            wanted = json.loads(request.body)["issueIdsOrKeys"]
            groups = [{"issueId": each, "changeHistories": self.histories[each]} for each in wanted]
            return Response(json.dumps({"issueChangeLogs": groups}).encode())
        found = self.lists.get(request.path)
        if found is None:
            return Response(
                b'{"errorMessages": ["Not here."]}', status=404 if "sprint" not in request.path else 400
            )
        return Response(json.dumps(found).encode())


def page(rows: Records) -> dict[str, Any]:
    """One page that is all."""
    return {"startAt": 0, "maxResults": 50, "total": len(rows), "isLast": True, "values": rows}
