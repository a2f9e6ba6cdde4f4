"""The few fields of GitHub's records that paging and fan-out need; everything else stays as received."""

from typing import Any, Protocol

import msgspec

from connectors.http.instants import Instant, text_of


class Parent(Protocol):
    """A record that children are fetched for."""

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        """Its key, its version, and what else a child's request needs."""


class Repository(msgspec.Struct):
    """A repository, named as its scope is."""

    full_name: str
    id: int | None = None


class Team(msgspec.Struct):
    """A team; its members are listed by slug."""

    slug: str


class Numbered(msgspec.Struct):
    """A pull request or an issue."""

    number: int
    updated_at: Instant | None = None
    node_id: str | None = None

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        """Its number; any change moves its last update. GraphQL knows it by its node id."""
        attributes = {"node_id": self.node_id} if self.node_id else {}
        return str(self.number), text_of(self.updated_at), attributes


class Commitish(msgspec.Struct):
    """One end of a pull request."""

    sha: str | None = None


class PullRequest(Numbered):
    """A pull request and its two ends."""

    head: Commitish | None = None
    base: Commitish | None = None

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        """Its number; any change moves its last update. The ends are needed to compare them."""
        ends = {"head": self.head, "base": self.base}
        shas = {name: end.sha for name, end in ends.items() if end is not None and end.sha}
        key, version, attributes = super().as_parent()
        return key, version, attributes | shas


class Updated(msgspec.Struct):
    """A record that only its last update is needed of."""

    updated_at: Instant | None = None


class Commit(msgspec.Struct):
    """A commit and its parents."""

    sha: str
    parents: list["CommitParent"] = []

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        """Its hash; a commit has one version."""
        return self.sha, "", {}


class CommitParent(msgspec.Struct):
    """A parent of a commit."""

    sha: str


class Deployment(msgspec.Struct):
    """A deployment."""

    id: int
    created_at: Instant | None = None
    updated_at: Instant | None = None

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        """Its id; a new status moves its last update."""
        return str(self.id), text_of(self.updated_at), {}


class WorkflowRun(msgspec.Struct):
    """A workflow run."""

    id: int
    run_attempt: int | None = None
    status: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None

    @property
    def is_finished(self) -> bool:
        """Whether the run will not change unless somebody repeats it."""
        return self.status == "completed"

    def as_parent(self) -> tuple[str, str, dict[str, Any]]:
        """Its id; a repetition raises the attempt, progress moves the last update."""
        return str(self.id), f"{self.run_attempt or 1}:{text_of(self.updated_at)}", {}
