"""What really happened, written down by the story itself while it happens: the source of the truth.

Nothing here is read from events or from an API. A merge knows the changes it brings, a rollout the changes it
was given, a failure the rollout that caused it, because the story decided so.
"""

from dataclasses import dataclass, field
from typing import Literal

from connectors.sandbox.catalogue import Service

EvidenceKind = Literal["incident", "rollback", "hotfix"]
Remedy = Literal["rollback", "hotfix", "revert", "forward_fix", "configuration", "none"]


@dataclass(slots=True)
class Change:
    """One commit that somebody wrote, for one service that it touches.

    Attributes:
        commit_sha: The author's own commit, not the one that a squash or a rebase made of it.
        main_sha: The commit of the main branch that brought it: squashed, merge, last rebased or pushed.
        graph_sha: The commit in the main branch's graph that is this change, or what a squash made of it.
        position: Place of `main_sha` on the main branch.
        committed_at: First time a server saw it: the build of its push, else the committer's date.
        is_hotfix: It was made because production was broken, and says so.
        fixes_defect: It closes a work item labelled as a production defect.
        touches_one_service: Its whole pull request belongs to this service alone.
    """

    service: str
    repository: str
    commit_sha: str
    main_sha: str
    graph_sha: str
    position: int
    pull_request: int | None
    author: str
    is_bot: bool
    committed_at: int
    is_author_settable: bool
    merged_at: int
    is_hotfix: bool = False
    fixes_defect: bool = False
    touches_one_service: bool = True
    rollout: "Rollout | None" = None


@dataclass(slots=True)
class Part:
    """One region, stage or attempt of a rollout."""

    identifier: str
    started_at: int
    finished_at: int | None = None
    is_success: bool = False


@dataclass(slots=True)
class Rollout:
    """One deployment to production, with all its parts and attempts.

    Attributes:
        position: Place of the commit on the main branch.
        replaces: What ran before it; None for the first.
        changes: What it was given to carry, whether or not it reached users.
        is_rollback: It went back to what ran before, because what it replaced was broken.
    """

    service: Service
    commit_sha: str
    position: int
    replaces: "Rollout | None"
    is_rollback: bool = False
    changes: list[Change] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    version: str | None = None
    failure: "Failure | None" = None

    def reached_users_at(self, at: int) -> list[int]:
        """Ends of the parts that had reached users by an instant."""
        return [
            row.finished_at
            for row in self.parts
            if row.is_success and row.finished_at and row.finished_at <= at
        ]

    @property
    def is_reached(self) -> bool:
        """Whether any part reached users."""
        return any(part.is_success for part in self.parts)

    @property
    def finished_at(self) -> int:
        """The end of the last part that reached users; only of a rollout that did."""
        return max(part.finished_at or 0 for part in self.parts if part.is_success)


@dataclass(slots=True)
class Incident:
    """Something was wrong in production.

    Attributes:
        causes: The rollouts that caused it; empty if none did.
        names: The rollouts that its text names, whoever caused it.
    """

    number: int
    services: tuple[str, ...]
    severity: int
    opened_at: int
    causes: tuple[Rollout, ...]
    names: tuple[Rollout, ...] = ()
    resolved_at: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A trace in the data that names the failed rollout.

    It can be read from `known_at` on, or as soon as the rollout `by` which it came reaches users.
    """

    kind: EvidenceKind
    known_at: int | None = None
    by: Rollout | None = None

    def is_known(self, at: int) -> bool:
        """Whether it can be read at an instant."""
        if self.by is not None:
            return bool(self.by.reached_users_at(at))
        return self.known_at is not None and self.known_at <= at


@dataclass(slots=True)
class Failure:
    """A rollout broke its service.

    Attributes:
        evidence: The explicit references; empty if the failure leaves none.
        remedies: Rollouts that went back or brought a hotfix naming the failure.
        repairs: Every rollout that was made to mend it, also those of which nobody says so.
    """

    rollout: Rollout
    remedy: Remedy
    incident: Incident | None = None
    evidence: list[Evidence] = field(default_factory=list)
    remedies: list[Rollout] = field(default_factory=list)
    repairs: list[Rollout] = field(default_factory=list)


@dataclass(slots=True)
class Chronicle:
    """Everything written down, in the order in which it began."""

    changes: list[Change] = field(default_factory=list)
    rollouts: list[Rollout] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
