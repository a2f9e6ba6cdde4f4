"""Jira Cloud's issues, with the fields that the connector asks for, and changelogs."""

import json
from typing import Any

from benchmarks.long_history.shape import BEGIN, HOUR_SECONDS, Shape, iso, jira_iso

SITE = "https://acme.atlassian.example"
STATUSES = (("1", "To Do", "new"), ("2", "In Progress", "indeterminate"), ("3", "In Review", "indeterminate"),
            ("4", "Done", "done"))  # fmt: skip
_DONE = '{"id":"1","name":"Done"}'
_SPRINT_SECONDS = 14 * 24 * HOUR_SECONDS


def user(number: int) -> dict[str, Any]:
    """An account as it stands inside other records."""
    key = f"5f{number:022d}"
    pictures = {
        f"{size}x{size}": f"{SITE}/avatars/{key}/{size}?d=retro&s={size}" for size in (48, 24, 16, 32)
    }
    return {
        "self": f"{SITE}/rest/api/3/user?accountId={key}", "accountId": key, "avatarUrls": pictures,
        "displayName": f"user {number:05d}", "active": True, "timeZone": "Etc/UTC", "accountType": "atlassian",
    }  # fmt: skip


def status(place: int) -> str:
    """A status with its category."""
    key, name, category = STATUSES[place]
    return (
        f'{{"self":"{SITE}/rest/api/3/status/{key}","description":"","iconUrl":"{SITE}/","name":"{name}","id":"{key}",'
        f'"statusCategory":{{"self":"{SITE}/rest/api/3/statuscategory/{place}","id":{place + 2},"key":"{category}",'
        f'"colorName":"yellow","name":"{name}"}}}}'
    )


class JiraBodies:
    """Records as JSON text."""

    def __init__(self, shape: Shape) -> None:
        self._shape = shape
        self._users = [json.dumps(user(number)) for number in range(shape.people)]

    def changes(self, number: int) -> list[tuple[int, int, int]]:
        """The changes of an issue's status: when, from which status and to which."""
        opened = self._shape.issue_opened_at(number)
        begun = opened + (3 + number % 40) * HOUR_SECONDS
        ended = begun + (10 + number % 90) * HOUR_SECONDS
        if number % 2:
            return [(begun, 0, 1), (ended, 1, 3)]
        return [(begun, 0, 1), ((begun + ended) // 2, 1, 2), (ended, 2, 3)]

    def issue(self, number: int, *, as_of: int) -> str:
        """An issue as it stood at an instant."""
        shape = self._shape
        opened = shape.issue_opened_at(number)
        done = [change for change in self.changes(number) if change[0] <= as_of]
        place, updated = (done[-1][2], done[-1][0]) if done else (0, opened)
        is_done = place == len(STATUSES) - 1
        project = number % shape.projects
        key = f"P{project:03d}-{number // shape.projects + 1}"
        creator, assignee = self._users[number % shape.people], self._users[(number + 3) % shape.people]
        sprint = (opened - BEGIN) // _SPRINT_SECONDS + 1
        return (
            f'{{"expand":"operations,versionedRepresentations","id":"{number + 1}",'
            f'"self":"{SITE}/rest/api/3/issue/{number + 1}","key":"{key}","fields":{{'
            f'"statuscategorychangedate":"{jira_iso(updated)}","issuetype":{{"self":"{SITE}/rest/api/3/issuetype/1",'
            f'"id":"1","description":"","iconUrl":"{SITE}/i.png","name":"Story","subtask":false,"hierarchyLevel":0}},'
            f'"timespent":null,"project":{{"self":"{SITE}/rest/api/3/project/{project}","id":"{project + 1}",'
            f'"key":"P{project:03d}","name":"Project {project}","projectTypeKey":"software","simplified":false}},'
            f'"fixVersions":[],"resolution":{_DONE if is_done else "null"},'
            f'"resolutiondate":{f"{chr(34)}{jira_iso(updated)}{chr(34)}" if is_done else "null"},'
            f'"created":"{jira_iso(opened)}",'
            f'"priority":{{"self":"{SITE}/rest/api/3/priority/3","name":"Medium","id":"3"}},"labels":["baskets"],'
            f'"versions":[],"issuelinks":[],"assignee":{assignee},"updated":"{jira_iso(updated)}",'
            f'"status":{status(place)},'
            f'"components":[{{"id":"1","name":"service-{number % shape.repositories:04d}"}}],'
            f'"timeoriginalestimate":null,"description":"Customers lose what they put aside, as of {iso(opened)}.",'
            f'"summary":"Keep {number} baskets","creator":{creator},"reporter":{creator},"duedate":null,'
            f'"customfield_10016":{number % 8 + 1}.0,"customfield_10020":[{{"id":{sprint},"name":"Sprint {sprint}",'
            f'"state":"closed","boardId":{project + 1},"goal":"","startDate":"{iso(opened)}"}}]}}}}'
        )

    def changelog(self, number: int, *, since: int, as_of: int) -> str | None:
        """What changed of an issue in a stretch of time; None where nothing did."""
        histories = []
        for turn, (at, before, after) in enumerate(self.changes(number)):
            if not since < at <= as_of:
                continue
            histories.append(
                f'{{"id":"{number * 4 + turn + 1}","author":{self._users[(number + turn) % self._shape.people]},'
                f'"created":{at * 1_000},"items":[{{"field":"status","fieldtype":"jira","fieldId":"status",'
                f'"from":"{STATUSES[before][0]}","fromString":"{STATUSES[before][1]}",'
                f'"to":"{STATUSES[after][0]}","toString":"{STATUSES[after][1]}"}}]}}'
            )
        return (
            f'{{"issueId":"{number + 1}","changeHistories":[{",".join(histories)}]}}' if histories else None
        )
