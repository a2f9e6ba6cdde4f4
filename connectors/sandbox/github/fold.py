"""The fold: the simulated GitHub moves through the timeline, event by event."""

from collections.abc import Sequence

from connectors.sandbox.company import Company
from connectors.sandbox.events import Event
from connectors.sandbox.github import delivery_events, item_events, organisation_events
from connectors.sandbox.github.state import GitHubState

HANDLERS = organisation_events.HANDLERS | item_events.HANDLERS | delivery_events.HANDLERS


class GitHubFold:
    """Applies events in their order, up to an instant that can be moved on."""

    def __init__(self, company: Company, timeline: Sequence[Event]) -> None:
        self.state = GitHubState(company, company.parameters.starts_at - 1)
        self._timeline = timeline
        self._next = 0

    def move_to(self, instant: int) -> None:
        """Apply every event up to and at the instant, in epoch seconds.

        Raises:
            ValueError: The instant is in the past: time does not run backwards.
        """
        if instant < self.state.at:
            raise ValueError(
                f"The simulated GitHub is at {self.state.at} already and cannot go back to {instant}."
            )
        timeline, index = self._timeline, self._next
        while index < len(timeline) and timeline[index].at <= instant:
            event = timeline[index]
            HANDLERS[type(event)](self.state, event)
            index += 1
        self._next = index
        self.state.at = instant
