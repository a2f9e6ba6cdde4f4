"""The few fields of Jira's records that paging and fan-out need; everything else stays as received."""

from datetime import datetime
from typing import Any

import msgspec

from connectors.http.instants import text_of

_MILLISECONDS = 1000


class Project(msgspec.Struct):
    """A project, by whose key issues and parts are listed."""

    key: str


class FieldSchema(msgspec.Struct):
    """What a field holds."""

    custom: str = ""


class Field(msgspec.Struct):
    """A field of issues."""

    id: str
    name: str = ""
    schema: FieldSchema = msgspec.field(default_factory=FieldSchema)

    @property
    def described(self) -> str:
        """Id, kind and name in one text, for `custom_fields`."""
        return f"{self.id}={self.schema.custom}={self.name}"


class Board(msgspec.Struct):
    """A board; Kanban boards have no sprints."""

    id: int
    type: str = ""

    @property
    def described(self) -> str:
        """Id and kind in one text."""
        return f"{self.id}={self.type}"


class IssueFields(msgspec.Struct):
    """When an issue was last updated, and whether time was logged on it."""

    updated: str = ""
    timespent: int | None = None


class History(msgspec.Struct):
    """What a search shows of an issue's changelog."""

    total: int = 0
    histories: list[msgspec.Raw] = []

    @property
    def is_cut(self) -> bool:
        """Whether entries are missing."""
        return len(self.histories) < self.total


class Issue(msgspec.Struct):
    """An issue: the key may change, the id stays."""

    id: str
    key: str = ""
    fields: IssueFields = msgspec.field(default_factory=IssueFields)
    changelog: History = msgspec.field(default_factory=History)

    @property
    def updated_milliseconds(self) -> int:
        """The last update in epoch milliseconds; 0 where it was not asked for."""
        if not self.fields.updated:
            return 0
        return round(datetime.fromisoformat(self.fields.updated).timestamp() * _MILLISECONDS)

    @property
    def number(self) -> int:
        """The number in the key."""
        return int(self.key.rpartition("-")[2] or 0)

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        """Its id; every change and every worklog moves the last update."""
        updated = text_of(datetime.fromisoformat(self.fields.updated)) if self.fields.updated else ""
        return self.id, updated, {"has_worklogs": bool(self.fields.timespent)}


class ChangedWorklog(msgspec.Struct):
    """A worklog that was made or changed."""

    worklogId: int  # noqa: N815 - the API's name
    updatedTime: int = 0  # noqa: N815 - the API's name

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        """Its id and its last change in epoch milliseconds."""
        return str(self.worklogId), str(self.updatedTime), {}
