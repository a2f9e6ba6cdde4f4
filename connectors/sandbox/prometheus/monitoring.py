"""What monitoring learns from the timeline: when services started anew, and when they suffered."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.sandbox.catalogue import DEPLOY_WORKFLOW, Service
from connectors.sandbox.company import Company
from connectors.sandbox.events import (
    BuildFinished,
    BuildStarted,
    DeploymentStarted,
    DeploymentStatusChanged,
    Event,
    IncidentOpened,
    IncidentResolved,
    ReleasePublished,
    TagCreated,
)

NOTICED_SEVERITIES = (1, 2, 3)
"""Cosmetic incidents do not show in measurements."""


@dataclass(slots=True)
class Outage:
    """A service suffers in [starts_at, ends_at), in epoch seconds; no end while it goes on."""

    incident: int
    service: str
    severity: int
    starts_at: int
    reporter: str
    ends_at: int | None = None

    def ends_before(self, instant: int) -> int:
        """The end, or the instant if it is not over by then."""
        return instant if self.ends_at is None else min(self.ends_at, instant)


@dataclass(slots=True)
class Watched:
    """A service as its monitoring knows it.

    Attributes:
        service: From the catalogue.
        restarts: When it began to run anew, in epoch seconds, oldest first.
        outages: What it suffered, oldest first.
    """

    service: Service
    restarts: list[int] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Name of the service."""
        return self.service.name


class Monitoring:
    """Folds the timeline up to an instant.

    Attributes:
        now: The instant, in epoch seconds.
        watched: Every service by name, also those that do not run yet.
    """

    def __init__(self, company: Company, events: Sequence[Event]) -> None:
        self.company = company
        self.now = company.parameters.starts_at
        self.watched = {service.name: Watched(service) for service in company.services}
        self._events = events
        self._at = 0
        self._deployments: dict[int, str] = {}
        self._builds: dict[int, str] = {}
        self._by_repository = {
            (service.repository, service.mechanism): service.name for service in company.services
        }
        self._open: dict[int, list[Outage]] = {}

    def move_to(self, instant: int) -> None:
        """Take in what happened up to an instant, inclusive."""
        self.now = max(self.now, instant)
        end = bisect_right(self._events, self.now, lo=self._at, key=lambda event: event.at)
        for event in self._events[self._at : end]:
            self._take(event)
        self._at = end

    @property
    def running(self) -> list[Watched]:
        """Services that run by now."""
        return [watched for watched in self.watched.values() if watched.restarts]

    @property
    def outages(self) -> list[Outage]:
        """All outages so far, oldest first."""
        found = [outage for watched in self.watched.values() for outage in watched.outages]
        return sorted(found, key=lambda outage: (outage.starts_at, outage.incident, outage.service))

    def _take(self, event: Event) -> None:
        if isinstance(event, IncidentOpened):
            self._suffer(event)
        elif isinstance(event, IncidentResolved):
            for outage in self._open.pop(event.number, []):
                outage.ends_at = event.at
        else:
            name = self._restarted(event)
            if name is not None:
                self.watched[name].restarts.append(event.at)

    def _suffer(self, event: IncidentOpened) -> None:
        if event.severity not in NOTICED_SEVERITIES:
            return
        for name in event.services:
            outage = Outage(event.number, name, event.severity, event.at, event.reporter)
            self.watched[name].outages.append(outage)
            self._open.setdefault(event.number, []).append(outage)

    def _restarted(self, event: Event) -> str | None:
        """The service that an event brought into production anew."""
        match event:
            case DeploymentStarted(is_production=True):
                self._deployments[event.number] = event.service
            case DeploymentStatusChanged(state="success"):
                return self._deployments.get(event.number)
            case BuildStarted(workflow=workflow) if workflow == DEPLOY_WORKFLOW:
                name = self._by_repository.get((event.repository, "workflow_runs"))
                if name is not None:
                    self._builds[event.number] = name
            case BuildFinished(conclusion="success"):
                return self._builds.get(event.number)
            case ReleasePublished():
                return self._by_repository.get((event.repository, "releases"))
            case TagCreated():
                return self._by_repository.get((event.repository, "tags"))
            case _:
                pass
        return None
