"""The fold: the simulated GitLab moves through the timeline, event by event."""

from collections.abc import Sequence

from connectors.sandbox.company import Company
from connectors.sandbox.events import BuildStarted, Event
from connectors.sandbox.gitlab import collaboration, delivery
from connectors.sandbox.gitlab.delivery import Outcomes
from connectors.sandbox.gitlab.state import GitLabState, Group
from connectors.sandbox.parameters import ORGANISATION

HANDLERS = collaboration.HANDLERS | delivery.HANDLERS


class GitLabFold:
    """Applies events in their order, up to an instant that can be moved on."""

    def __init__(self, company: Company, timeline: Sequence[Event]) -> None:
        starts_at = company.parameters.starts_at
        self.state = GitLabState(company, starts_at - 1)
        self.state.groups[ORGANISATION] = Group(90_000, ORGANISATION, None, starts_at)
        self._outcomes = Outcomes(timeline)
        self._timeline = timeline
        self._next = 0

    def move_to(self, instant: int) -> None:
        """Apply every event up to and at the instant, in epoch seconds.

        Raises:
            ValueError: The instant is in the past: time does not run backwards.
        """
        if instant < self.state.at:
            raise ValueError(
                f"The simulated GitLab is at {self.state.at} already and cannot go back to {instant}."
            )
        timeline, index = self._timeline, self._next
        while index < len(timeline) and timeline[index].at <= instant:
            event = timeline[index]
            if isinstance(event, BuildStarted):
                delivery.build_started(self.state, self._outcomes, event)
            elif type(event) in HANDLERS:
                HANDLERS[type(event)](self.state, event)
            index += 1
        self._next = index
        self.state.at = instant
