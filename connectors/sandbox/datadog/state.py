"""What the simulated Datadog knows: incidents and people, folded from the timeline."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from connectors.sandbox.company import Company
from connectors.sandbox.datadog.traffic import BAD_PERMILLE, Outage, Traffic
from connectors.sandbox.events import Event, IncidentOpened, IncidentResolved, PersonJoined, PersonLeft


@dataclass(slots=True)
class IncidentState:
    """An incident and, if it is over, when that was, in epoch seconds."""

    opened: IncidentOpened
    resolved_at: int | None = None


class DatadogState:
    """Everything up to an instant that can be moved on.

    Args:
        company: The organisation.
        events: Its whole timeline.
    """

    def __init__(self, company: Company, events: Sequence[Event]) -> None:
        self.company = company
        self.now = company.parameters.starts_at - 1
        self.incidents: dict[int, IncidentState] = {}
        self.users: dict[str, int] = {}
        self.gone: dict[str, int] = {}
        self._events = events
        self._next = 0

    def move_to(self, instant: int) -> None:
        """Apply every event up to and at the instant.

        Raises:
            ValueError: Time does not run backwards.
        """
        if instant < self.now:
            raise ValueError(f"The simulated Datadog is at {self.now} already.")
        while self._next < len(self._events) and self._events[self._next].at <= instant:
            self._take(self._events[self._next])
            self._next += 1
        self.now = instant

    def _take(self, event: Event) -> None:
        match event:
            case IncidentOpened(number=number):
                self.incidents[number] = IncidentState(event)
            case IncidentResolved(number=number):
                self.incidents[number].resolved_at = event.at
            case PersonJoined(login=login, team=str()):
                self.users[login] = event.at
            case PersonLeft(login=login):
                self.gone[login] = event.at

    def services(self) -> Iterator[tuple[str, int]]:
        """Each service that is there, in order of names, with when it came, in epoch seconds."""
        parameters = self.company.parameters
        span = parameters.ends_at - parameters.starts_at
        for service in sorted(self.company.services, key=lambda row: row.name):
            came_at = parameters.starts_at + int(span * service.starts_after)
            if came_at <= self.now:
                yield service.name, came_at

    def outages(self, service: str) -> list[Outage]:
        """When a service suffered so that its users' requests went wrong."""
        return [
            Outage(incident.opened.at, incident.resolved_at, incident.opened.severity)
            for incident in self.incidents.values()
            if service in incident.opened.services and BAD_PERMILLE[incident.opened.severity]
        ]

    def traffic(self, service: str) -> Traffic:
        """The requests of a service."""
        return Traffic(service, self.outages(service))
