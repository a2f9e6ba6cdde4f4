"""The truth of daily work: pull requests with their reviews, work items, and how incidents were answered.

Where the definitions leave room, this is how it is settled.

A review
    is one by a person other than the author, before or at the merge. Bots review nothing.
    Where both accounts are deleted nobody knows any more who only commented: that is none.
A round of reviews
    ends when commits follow, dated by their committers. A forced push replaces commits and their dates.
A pull request is linked
    when its title or text mentions a work item or an incident that exists; another pull request is none.
Its size
    is one line added and one deleted in each file that its commits write, merges of the main branch included.
A work item
    is listed once for each tool that has it. Its time begins when it is first in progress and ends when it is
    done for the last time. Where no tool tells of progress it has no time.
Its service
    is the one of its repository if that has one alone, of its component, or of its incident; else nobody's.
An incident is answered
    in the tool that pages people: once for each service that suffers, and once more for an alarm that went
    off twice and was not merged into the first. Without such a tool the issue itself tells.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PullRequestTruth:
    """One pull request; instants in epoch seconds.

    Attributes:
        services: Services that its own commits touch; empty if none.
        first_review_at: When a person other than the author first reviewed it, before the merge.
        review_rounds: How many times it was reviewed with commits between.
        is_linked: It names a work item.
        changed_lines: Lines that it adds and deletes.
    """

    repository: str
    number: int
    author: str
    is_bot: bool
    services: tuple[str, ...]
    opened_at: int
    merged_at: int | None
    first_review_at: int | None
    review_rounds: int
    is_linked: bool
    changed_lines: int


@dataclass(frozen=True, slots=True)
class WorkItemTruth:
    """One work item as one tool has it; instants in epoch seconds.

    Attributes:
        tool: Kind of the source that lists it.
        service: Whose it is; None if no service's.
        started_at: When it was first in progress.
        done_at: When it was done for the last time; None unless it is done now.
        reopened_count: How often it was taken up again.
        active_seconds: Time in progress between start and end.
        waiting_seconds: Time not in progress and not done between start and end.
    """

    tool: str
    item: str
    service: str | None
    is_production_defect: bool
    opened_at: int
    started_at: int | None
    done_at: int | None
    reopened_count: int
    active_seconds: int
    waiting_seconds: int

    @property
    def cycle_seconds(self) -> int | None:
        """From start to end, of what is done and was seen in progress."""
        if self.started_at is None or self.done_at is None:
            return None
        return self.done_at - self.started_at


@dataclass(frozen=True, slots=True)
class ResponseTruth:
    """How one incident was answered; instants in epoch seconds."""

    incident: str
    service: str
    detected_at: int
    acknowledged_at: int | None
    resolved_at: int | None
