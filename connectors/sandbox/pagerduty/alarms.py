"""What the story's incidents look like to PagerDuty: an alarm for each service that suffers, with its log.

The story knows when an incident was noticed and when it was over. Who answered after how many minutes,
whether it went to the next level or to a colleague, and which alarm went off twice is drawn from the
alarm's identifier.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from connectors.sandbox.company import Company
from connectors.sandbox.drawing import happens
from connectors.sandbox.events import Event, IncidentOpened, IncidentResolved
from connectors.sandbox.pagerduty.identifiers import identifier
from connectors.sandbox.pagerduty.roster import Roster
from connectors.sandbox.working_time import MINUTE

ESCALATION_SHARE = 0.2
REASSIGNMENT_SHARE = 0.15
DUPLICATE_SHARE = 0.12
UNDATED_SHARE = 0.1
"""Share of the resolved incidents that PagerDuty gives without `resolved_at`."""

ESCALATION_DELAY = 15 * MINUTE
_REFERENCE = "Caused by "


@dataclass(frozen=True, slots=True)
class LogEntry:
    """Something that happened to an alarm.

    Attributes:
        at: When, in epoch seconds.
        kind: What, as PagerDuty's types begin: `trigger`, `acknowledge`, …
        ordinal: Its place among the entries of the alarm.
        agent: Login of who did it; None for the service itself.
        assignees: Logins of those who have it from then on, where that changed.
        note: Text of a note.
        merged_into: Identifier of the alarm that took this one in, where that ended it.
    """

    at: int
    kind: str
    ordinal: int = 0
    agent: str | None = None
    assignees: tuple[str, ...] = ()
    note: str = ""
    merged_into: str | None = None


@dataclass(frozen=True, slots=True)
class Alarm:
    """An incident as PagerDuty has it, with everything that will ever be in its log.

    Attributes:
        id: Identifier.
        number: Number within the account, by time.
        story_number: Number of the story's incident.
        at: When it went off, in epoch seconds.
        service: The service that suffers.
        team: Who owned the service then.
        severity: 1 is worst.
        title: What users see.
        is_undated: Whether the API leaves `resolved_at` empty.
        entries: The log, oldest first.
    """

    id: str
    number: int
    story_number: int
    at: int
    service: str
    team: str
    severity: int
    title: str
    is_undated: bool = False
    entries: tuple[LogEntry, ...] = field(default=(), repr=False)

    def known_at(self, instant: int) -> list[LogEntry]:
        """What stands in the log at an instant."""
        return [entry for entry in self.entries if entry.at <= instant]


@dataclass(frozen=True, slots=True)
class _Responders:
    """Logins of those who may answer."""

    first: str
    second: str
    others: tuple[str, ...]


def alarms_of(company: Company, events: Sequence[Event]) -> tuple[Alarm, ...]:
    """Every alarm of the story, by the time it went off."""
    resolutions = {event.number: event for event in events if isinstance(event, IncidentResolved)}
    roster, found = Roster(), list[Alarm]()
    for event in events:
        roster.take(event)
        if isinstance(event, IncidentOpened):
            for service in event.services:
                found += _alarms(company, roster, event, service, resolutions.get(event.number))
    found.sort(key=lambda alarm: (alarm.at, alarm.id))
    return tuple(replace(alarm, number=number) for number, alarm in enumerate(found, 1))


def _alarms(
    company: Company, roster: Roster, event: IncidentOpened, service: str, resolution: IncidentResolved | None
) -> Iterator[Alarm]:
    name = (company.parameters.seed, "incident", event.number, service)
    chance = random.Random("/".join(str(part) for part in name))
    team = company.owner_at(service, event.at)
    responders = _responders(roster, team, event)
    alarm = Alarm(
        id=identifier("Q", *name, length=14),
        number=0,
        story_number=event.number,
        at=event.at,
        service=service,
        team=team,
        severity=event.severity,
        title=event.title,
        is_undated=happens(chance, UNDATED_SHARE),
    )
    notes = [line for line in event.body.splitlines() if line.startswith(_REFERENCE)]
    yield replace(alarm, entries=_log(chance, alarm, responders, resolution, notes=notes))
    if happens(chance, DUPLICATE_SHARE):
        twin = replace(
            alarm,
            id=identifier("Q", *name, "twin", length=14),
            at=event.at + chance.randrange(2 * MINUTE, 6 * MINUTE),
        )
        yield replace(twin, entries=_twin_log(chance, twin, alarm, responders, resolution))


def _responders(roster: Roster, team: str, event: IncidentOpened) -> _Responders:
    first = roster.on_call(team, event.at) or event.reporter
    second = roster.behind(team) or event.reporter
    return _Responders(first, second, tuple(roster.members.get(team, ())) or (event.reporter,))


def _log(
    chance: random.Random,
    alarm: Alarm,
    responders: _Responders,
    resolution: IncidentResolved | None,
    *,
    notes: Sequence[str],
) -> tuple[LogEntry, ...]:
    holder, answered_at = responders.first, alarm.at + chance.randrange(2 * MINUTE, 12 * MINUTE)
    entries = [
        LogEntry(alarm.at, "trigger"),
        LogEntry(alarm.at, "assign", assignees=(holder,)),
        LogEntry(alarm.at + 5, "notify", assignees=(holder,)),
    ]
    if happens(chance, ESCALATION_SHARE):
        holder, escalated_at = responders.second, alarm.at + ESCALATION_DELAY
        entries.append(LogEntry(escalated_at, "escalate", assignees=(holder,)))
        answered_at = escalated_at + chance.randrange(MINUTE, 10 * MINUTE)
    entries.append(LogEntry(answered_at, "acknowledge", agent=holder))
    if happens(chance, REASSIGNMENT_SHARE):
        taken_over_at = answered_at + chance.randrange(10 * MINUTE, 40 * MINUTE)
        colleague = chance.choice(responders.others)
        entries.append(LogEntry(taken_over_at, "assign", agent=holder, assignees=(colleague,)))
    noted_at = answered_at + 20 * MINUTE
    entries += [LogEntry(noted_at, "annotate", agent=holder, note=note) for note in notes]
    if resolution is not None:
        ending = LogEntry(resolution.at, "resolve", agent=resolution.actor)
        entries = [*(entry for entry in entries if entry.at < ending.at), ending]
    return _numbered(entries)


def _twin_log(
    chance: random.Random,
    twin: Alarm,
    alarm: Alarm,
    responders: _Responders,
    resolution: IncidentResolved | None,
) -> tuple[LogEntry, ...]:
    """Somebody merges an alarm that went off twice into the first one, unless that is over already."""
    ending = LogEntry(
        twin.at + chance.randrange(4 * MINUTE, 10 * MINUTE),
        "resolve",
        agent=responders.first,
        merged_into=alarm.id,
    )
    if resolution is not None and resolution.at <= ending.at:
        ending = LogEntry(max(resolution.at, twin.at + MINUTE), "resolve", agent=resolution.actor)
    entries = [
        LogEntry(twin.at, "trigger"),
        LogEntry(twin.at, "assign", assignees=(responders.first,)),
        ending,
    ]
    return _numbered(entries)


def _numbered(entries: list[LogEntry]) -> tuple[LogEntry, ...]:
    ordered = sorted(entries, key=lambda entry: entry.at)
    return tuple(replace(entry, ordinal=ordinal) for ordinal, entry in enumerate(ordered))
