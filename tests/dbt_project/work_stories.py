"""Work items told to a story: issues of Jira with their changelog, labels of GitHub, sprints, incidents."""

from dataclasses import dataclass, field
from typing import Any

from tests.dbt_project.stories import CHECKOUT, Row, Story, Told

STATUSES = {
    1: ("To Do", "new"),
    2: ("In Progress", "indeterminate"),
    3: ("Blocked", "indeterminate"),
    4: ("Done", "done"),
    5: ("Closed", "done"),
}
"""Statuses of the told site: id, name and category."""


@dataclass
class WorkStory(Story):
    """An organisation with a Jira site; a change is ('05-04 10:00', status id)."""

    changes: int = 0
    statuses: dict[int, tuple[str, str]] = field(default_factory=lambda: dict(STATUSES))

    def site(self) -> None:
        """Tell the site's statuses."""
        for status_id, (name, category) in self.statuses.items():
            self.stage("jira__statuses", status_id=status_id, status_name=name, category_key=category)

    def work_item(
        self,
        number: int,
        *,
        when: str,
        through: list[tuple[str, int]] | None = None,
        project: str = "SHOP",
        components: tuple[str, ...] = ("checkout",),
        **more: Any,
    ) -> str:
        """An issue that comes to be in status 1 and goes through others; returns its name across sources."""
        steps = through or []
        first = more.pop("first", 1)
        now = more.pop("now", steps[-1][1] if steps else first)
        name, category = self.statuses.get(now, (f"Status {now}", None))
        row: Row = {
            "issue_id": number,
            "issue_key": f"{project}-{number}",
            "project_key": project,
            "issue_type_name": "Story",
            "is_subtask": False,
            "status_id": now,
            "status_name": name,
            "status_category_key": category,
            "created_at": self.when(when),
            "resolved_at": self.when(steps[-1][0]) if category == "done" and steps else None,
            "creator_token": "p_author",
            "is_creator_bot": False,
            "labels": [],
            "component_names": list(components),
            "sprint_ids": [],
            "is_deleted": False,
        }
        self.stage("jira__current_issues", **{**row, **more})
        before = first
        for instant, status in steps:
            self.change(number, instant, "status", before, status)
            before = status
        return f"jira:jira:issue:{number}"

    def change(self, number: int, when: str, field_name: str, before: object, after: object) -> None:
        """One entry of an issue's changelog."""
        self.changes += 1

        def name(value: object) -> str | None:
            known = self.statuses.get(value) if isinstance(value, int) else None
            return known[0] if known else (None if value is None else str(value))

        self.stage(
            "jira__issue_changes",
            change_id=9000 + self.changes,
            item_number=0,
            issue_id=number,
            changed_at=self.when(when),
            field_name=field_name,
            from_id=None if before is None else str(before),
            from_value=name(before),
            to_id=None if after is None else str(after),
            to_value=name(after),
        )

    def happens(self, number: int, event: str, when: str, *, on: str = CHECKOUT, **more: Any) -> None:
        """An event in the timeline of an issue of GitHub."""
        position = self.records
        row = {"repository": on, "issue_number": number, "position": position, "event": event}
        self.stage("github__timeline", **row, event_at=self.when(when), **more)

    def gives(self, table: str, **row: Any) -> None:
        """A row of the settings."""
        self.flow.setdefault(table, []).append(row)


def spans(told: Told, issue: str) -> list[tuple[Any, ...]]:
    """Status, category, waiting and seconds of an issue's spans in order."""
    rows = told.rows(
        "select status_name, category, is_waiting, duration_seconds from marts.fct_issue_status_spans "
        "where issue_id = $1 order by span_number",
        issue,
    )
    return [tuple(row.values()) for row in rows]


def fact(told: Told, issue: str) -> Row:
    """An issue's fact."""
    (row,) = told.rows("select * from marts.fct_issues where issue_id = $1", issue)
    return row
