"""The few fields of GitLab's records that paging and fan-out need; everything else stays as received."""

from typing import Any

import msgspec

from connectors.http.instants import Instant, text_of


class Group(msgspec.Struct):
    """A group below a configured one; its members are listed by full path."""

    full_path: str


class Project(msgspec.Struct):
    """A project, named as its scope is."""

    path_with_namespace: str


class MergeRequest(msgspec.Struct):
    """A merge request, whose commits change with its head and its target only."""

    iid: int
    sha: str | None = None
    target_branch: str = ""

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        """Its number; a push moves the head, another target changes what is ahead of it."""
        return str(self.iid), f"{self.sha or ''}:{self.target_branch}", {}


class Pipeline(msgspec.Struct):
    """A pipeline; a retried or played job moves its last update."""

    id: int
    status: str = ""
    created_at: Instant | None = None
    updated_at: Instant | None = None

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        """Its id; any change of its jobs that changes the pipeline moves status or last update."""
        extra = {"created_at": text_of(self.created_at)}
        return str(self.id), f"{self.status}:{text_of(self.updated_at)}", extra


class Job(msgspec.Struct):
    """A job; ids rise with the time at which jobs were created."""

    id: int
    created_at: Instant | None = None
