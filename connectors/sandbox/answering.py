"""Tells how incidents were answered: by whoever was paged, else as their issues tell."""

from collections.abc import Collection, Iterator, Sequence

from connectors.sandbox import events as told
from connectors.sandbox.company import INCIDENT_REPOSITORY, Company
from connectors.sandbox.pagerduty.alarms import Alarm, alarms_of
from connectors.sandbox.work_truth import ResponseTruth

PAGING = "pagerduty"
ALSO_TELLING = frozenset(("datadog", "alertmanager", "prometheus", "push", "drops", "jira"))
"""What has incidents or alerts too and is believed where nobody is paged: of that the story does not tell."""


def responses(
    company: Company, timeline: Sequence[told.Event], at: int, *, kinds: Collection[str]
) -> Iterator[ResponseTruth]:
    """Every incident that counts, as far as it is known at an instant; none where other tools tell of them.

    Args:
        company: The organisation.
        timeline: Its events.
        at: The instant in epoch seconds, inclusive.
        kinds: Kinds of source that are read.
    """
    if PAGING in kinds and not {"datadog", "alertmanager", "prometheus"} & set(kinds):
        for alarm in alarms_of(company, timeline):
            if alarm.at <= at:
                yield from _of_alarm(alarm, at)
    elif not ALSO_TELLING & set(kinds):
        yield from _of_issues(timeline, at)


def _of_alarm(alarm: Alarm, at: int) -> Iterator[ResponseTruth]:
    known = alarm.known_at(at)
    if any(entry.merged_into is not None for entry in known):
        return
    ends = [entry.at for entry in known if entry.kind == "resolve"]
    yield ResponseTruth(
        incident=alarm.id,
        service=alarm.service,
        detected_at=alarm.at,
        acknowledged_at=min((entry.at for entry in known if entry.kind == "acknowledge"), default=None),
        resolved_at=max(ends, default=None),
    )


def _of_issues(timeline: Sequence[told.Event], at: int) -> Iterator[ResponseTruth]:
    """Nobody comments on an incident's issue before it is resolved; the service named first suffers."""
    ends = {
        event.number: event.at
        for event in timeline
        if isinstance(event, told.IncidentResolved) and event.at <= at
    }
    for event in timeline:
        if isinstance(event, told.IncidentOpened) and event.at <= at:
            end = ends.get(event.number)
            name = f"{INCIDENT_REPOSITORY}#{event.number}"
            yield ResponseTruth(name, min(event.services), event.at, end, end)
