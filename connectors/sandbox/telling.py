"""Tells of which incidents the tools that are read tell: once each, by the tool that is believed first."""

from collections.abc import Collection, Iterator, Sequence

from connectors.sandbox import events as told
from connectors.sandbox.chronicle import Chronicle, Failure, Incident, Part, Rollout
from connectors.sandbox.company import INCIDENT_REPOSITORY, Company
from connectors.sandbox.pagerduty.alarms import Alarm, alarms_of
from connectors.sandbox.settings import GIT_SOURCE, GITHUB_SOURCE
from connectors.sandbox.truth import IncidentTruth

PAGING = "pagerduty"
DROPPING = "drops"
TELLING_ALL_SERVICES = frozenset(("datadog", "push"))
"""Believed before what is dropped, which names one service only."""


def incidents(
    company: Company,
    chronicle: Chronicle,
    timeline: Sequence[told.Event],
    at: int,
    *,
    kinds: Collection[str],
) -> Iterator[IncidentTruth]:
    """Every incident once, as it is known at an instant.

    Where people are paged, that is once for each service that suffers, and once more for an alarm that
    went off twice and was not merged into the first; of such a twin nothing says what caused it. Elsewhere
    it is once for all services; the first of them counts it.

    Args:
        company: The organisation.
        chronicle: What the story decided.
        timeline: Its events.
        at: The instant in epoch seconds, inclusive.
        kinds: Kinds of source that are read.
    """
    known = [row for row in chronicle.incidents if row.opened_at <= at]
    if PAGING in kinds:
        by_number = {row.number: row for row in known}
        seen = set[tuple[int, str]]()
        for alarm in alarms_of(company, timeline):
            if alarm.at <= at and not _is_merged(alarm, at):
                place = (alarm.story_number, alarm.service)
                yield _of_alarm(alarm, by_number[alarm.story_number], chronicle, at, is_twin=place in seen)
                seen.add(place)
        return
    is_dropped = DROPPING in kinds and not TELLING_ALL_SERVICES & set(kinds)
    for row in known:
        services = row.services[:1] if is_dropped else row.services
        yield _truth(row, chronicle, at, name=name_of(row), services=services)


def name_of(row: Incident) -> str:
    """How an incident is named."""
    return f"{INCIDENT_REPOSITORY}#{row.number}"


def identifier(rollout: Rollout, part: Part) -> str:
    """The id that the pipeline gives to a part."""
    if part.identifier.startswith("tag:"):
        return f"{GIT_SOURCE}:{rollout.service.repository}:{part.identifier}"
    return f"{GITHUB_SOURCE}:{GITHUB_SOURCE}:{part.identifier}"


def references(failure: Failure, at: int) -> tuple[str, ...]:
    """The kinds of explicit references that can be read at an instant."""
    return tuple(dict.fromkeys(row.kind for row in failure.evidence if row.is_known(at)))


def _is_merged(alarm: Alarm, at: int) -> bool:
    return any(entry.merged_into is not None for entry in alarm.known_at(at))


def _of_alarm(alarm: Alarm, row: Incident, chronicle: Chronicle, at: int, *, is_twin: bool) -> IncidentTruth:
    if not is_twin:
        return _truth(row, chronicle, at, name=name_of(row), services=(alarm.service,))
    ends = [entry.at for entry in alarm.known_at(at) if entry.kind == "resolve"]
    return IncidentTruth(
        incident=f"PagerDuty #{alarm.number}",
        services=(alarm.service,),
        severity=alarm.severity,
        opened_at=alarm.at,
        resolved_at=max(ends, default=None),
        caused_by=tuple(identifier(cause, cause.parts[0]) for cause in row.causes),
        is_explicit=False,
    )


def _truth(
    row: Incident, chronicle: Chronicle, at: int, *, name: str, services: tuple[str, ...]
) -> IncidentTruth:
    linked = [failure for failure in chronicle.failures if failure.incident is row and row.causes]
    return IncidentTruth(
        incident=name,
        services=services,
        severity=row.severity,
        opened_at=row.opened_at,
        resolved_at=row.resolved_at if row.resolved_at is not None and row.resolved_at <= at else None,
        caused_by=tuple(identifier(cause, cause.parts[0]) for cause in row.causes),
        is_explicit=bool(linked) and all("incident" in references(failure, at) for failure in linked),
    )
