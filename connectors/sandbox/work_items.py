"""Tells of every work item what happened to it, as each tool that has it was told."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from connectors.sandbox import events as told
from connectors.sandbox.company import INCIDENT_REPOSITORY, Company
from connectors.sandbox.jira.happenings import happenings
from connectors.sandbox.jira.plan import founded
from connectors.sandbox.jira.state import STATUSES, TO_DO, Issue
from connectors.sandbox.work_truth import WorkItemTruth

DEFECT = "production-defect"
Turn = tuple[int, str]
"""An instant in epoch seconds, and what the work item is from then on: to do, in progress or done."""

_CATEGORIES = {"new": "to do", "indeterminate": "in progress", "done": "done"}


@dataclass(slots=True)
class Told:
    """A work item as the timeline tells of it."""

    item: str
    service: str | None
    labels: tuple[str, ...]
    turns: list[Turn] = field(default_factory=list)


def hosted_items(company: Company, timeline: Sequence[told.Event], at: int) -> Iterator[WorkItemTruth]:
    """Issues beside the code: open, closed, sometimes open again; nobody says that work is going on."""
    alone = {
        service.repository: service.name
        for service in company.services
        if sum(other.repository == service.repository for other in company.services) == 1
    }
    items: dict[tuple[str, int], Told] = {}
    for event in timeline:
        if event.at > at:
            break
        if isinstance(event, told.IssueOpened):
            name = event.repository, event.number
            items[name] = Told("#".join(map(str, name)), alone.get(event.repository), event.labels)
            items[name].turns.append((event.at, "to do"))
        elif isinstance(event, told.IncidentOpened):
            name = INCIDENT_REPOSITORY, event.number
            items[name] = Told("#".join(map(str, name)), min(event.services), ())
            items[name].turns.append((event.at, "to do"))
        elif isinstance(event, told.IssueClosed):
            items[event.repository, event.number].turns.append((event.at, "done"))
        elif isinstance(event, told.IssueReopened):
            items[event.repository, event.number].turns.append((event.at, "to do"))
        elif isinstance(event, told.IncidentResolved):
            items[INCIDENT_REPOSITORY, event.number].turns.append((event.at, "done"))
    for row in items.values():
        yield _work_item("github", row)


def tracked_items(company: Company, timeline: Sequence[told.Event], at: int) -> Iterator[WorkItemTruth]:
    """Issues of the tracker that are there at an instant, with every status that they went through."""
    state = founded(company)
    for happening in happenings(company, timeline):
        if happening.at > at * 1000:
            break
        happening.apply(state)
    services = {service.name for service in company.services}
    for issue in state.issues.values():
        named = [name for name in issue.components if name in services]
        yield _work_item("jira", Told(issue.key, min(named, default=None), issue.labels, list(_turns(issue))))


def _turns(issue: Issue) -> Iterator[Turn]:
    yield issue.created_at // 1000, _category(TO_DO)
    for change in issue.changes:
        for item in change.items:
            if item["field"] == "status":
                yield change.at // 1000, _category(item["to"])


def _category(status: str) -> str:
    return _CATEGORIES[STATUSES[status][1]]


def _work_item(tool: str, row: Told) -> WorkItemTruth:
    turns = row.turns
    started_at = next((at for at, what in turns if what == "in progress"), None)
    done_at = _done_at(turns)
    times = {"to do": 0, "in progress": 0, "done": 0}
    if started_at is not None and done_at is not None:
        for (begin, what), (end, _) in pairwise(turns):
            times[what] += max(0, min(end, done_at) - max(begin, started_at))
    return WorkItemTruth(
        tool=tool,
        item=row.item,
        service=row.service,
        is_production_defect=DEFECT in row.labels,
        opened_at=turns[0][0],
        started_at=started_at,
        done_at=done_at,
        reopened_count=sum(
            before == "done" and after != "done" for (_, before), (_, after) in pairwise(turns)
        ),
        active_seconds=times["in progress"],
        waiting_seconds=times["to do"],
    )


def _done_at(turns: list[Turn]) -> int | None:
    """When it became done for the last time, if it still is."""
    if turns[-1][1] != "done":
        return None
    last = len(turns) - 1
    while turns[last - 1][1] == "done":
        last -= 1
    return turns[last][0]
