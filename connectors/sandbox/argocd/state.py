"""What the simulated Argo CD knows: applications, their last sync, and the last ones that succeeded.

A synchronisation that fails leaves no history: it can be seen only until the next one begins.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from connectors.sandbox.company import Company
from connectors.sandbox.events import DeploymentStarted, DeploymentStatusChanged, Event

HISTORY_LIMIT = 10
"""Entries that an application keeps (`revisionHistoryLimit`, 10 by default)."""

Phase = Literal["Running", "Succeeded", "Failed", "Error"]
_PHASES: dict[str, Phase] = {"success": "Succeeded", "failure": "Failed", "error": "Error"}
_ONE_IN = 4


@dataclass(slots=True)
class Operation:
    """The last synchronisation; instants are in epoch seconds."""

    commit_sha: str
    actor: str
    started_at: int
    finished_at: int | None = None
    phase: Phase = "Running"


@dataclass(frozen=True, slots=True)
class Entry:
    """A synchronisation that succeeded."""

    number: int
    operation: Operation
    finished_at: int


@dataclass(slots=True)
class Application:
    """A service in an environment."""

    name: str
    service: str
    project: str
    environment: str
    repository: str
    created_at: int
    history: list[Entry] = field(default_factory=list)
    operation: Operation | None = None

    @property
    def uid(self) -> str:
        """Its identity in the cluster, the same in every simulation."""
        return str(uuid.UUID(hashlib.sha256(self.name.encode()).hexdigest()[:32], version=4))

    @property
    def is_multi_source(self) -> bool:
        """Whether it combines a chart with the repository."""
        return int(hashlib.sha256(self.service.encode()).hexdigest(), 16) % _ONE_IN == 0

    def finish(self, operation: Operation, *, at: int, phase: Phase) -> None:
        """A synchronisation ends; a success goes to the history, of which the newest entries stay."""
        operation.finished_at, operation.phase = at, phase
        if phase == "Succeeded":
            number = self.history[-1].number + 1 if self.history else 0
            self.history = [*self.history, Entry(number, operation, at)][-HISTORY_LIMIT:]


class ArgoFold:
    """Applies events in their order, up to an instant that can be moved on."""

    def __init__(self, company: Company, timeline: Sequence[Event]) -> None:
        self.at = company.parameters.starts_at - 1
        self.applications: dict[str, Application] = {}
        self._projects = {service.name: service.team for service in company.services}
        self._timeline = timeline
        self._next = 0
        self._running: dict[int, tuple[Application, Operation]] = {}

    def move_to(self, instant: int) -> None:
        """Apply every event up to and at the instant, in epoch seconds.

        Raises:
            ValueError: The instant is in the past.
        """
        if instant < self.at:
            raise ValueError(f"The simulated Argo CD is at {self.at} and cannot go back to {instant}.")
        while self._next < len(self._timeline) and self._timeline[self._next].at <= instant:
            event = self._timeline[self._next]
            if isinstance(event, DeploymentStarted):
                self._start(event)
            elif isinstance(event, DeploymentStatusChanged) and event.state in _PHASES:
                application, operation = self._running.pop(event.number)
                application.finish(operation, at=event.at, phase=_PHASES[event.state])
            self._next += 1
        self.at = instant

    def _start(self, event: DeploymentStarted) -> None:
        name = f"{event.service}-{event.environment}"
        application = self.applications.get(name)
        if application is None:
            application = Application(
                name=name,
                service=event.service,
                project=self._projects[event.service],
                environment=event.environment,
                repository=event.repository,
                created_at=event.at,
            )
            self.applications[name] = application
        application.operation = Operation(event.commit_sha, event.actor, event.at)
        self._running[event.number] = (application, application.operation)
