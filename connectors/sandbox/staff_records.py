"""What an administration of people would know of the company's staff, at any instant of the story.

Facts that the story does not tell (level, site, share of full time, leave) are drawn by the person's number,
so that they are the same wherever they are asked for.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from connectors.sandbox.company import Company
from connectors.sandbox.events import Event, PersonJoined, PersonLeft, PersonMovedTeam
from connectors.sandbox.parameters import day_of
from connectors.sandbox.people import Person

LEVELS = ("L2", "L3", "L3", "L4", "L4", "L5")
SITES = {0: "dublin", 60: "berlin", 120: "helsinki", -300: "toronto", 330: "pune"}
FTE_RATIOS = (1.0, 1.0, 1.0, 1.0, 0.8, 0.6, 0.5)
LEAVE_EVERY_DAYS = 90
_LONGEST_TENURE_DAYS = 2000


@dataclass(frozen=True, slots=True)
class Membership:
    """A person's time in one team, without end if it lasts."""

    team: str
    from_day: date
    until_day: date | None = None


@dataclass(frozen=True, slots=True)
class StaffRecord:
    """A person as the administration knows them.

    Attributes:
        person: Who.
        memberships: Teams over time, without gaps; at least one.
        manager: Number of the person that they report to, or None.
        last_change_at: When anything about them changed, in epoch seconds.
        left_at: When they left, in epoch seconds; None while they are here.
    """

    person: Person
    memberships: tuple[Membership, ...]
    last_change_at: int
    manager: int | None = None
    left_at: int | None = None

    @property
    def employed_from(self) -> date:
        """First day of the employment."""
        return self.memberships[0].from_day

    @property
    def employed_until(self) -> date | None:
        """First day after it, if it is over."""
        return self.memberships[-1].until_day

    @property
    def level(self) -> str:
        """Level."""
        return self._chance("level").choice(LEVELS)

    @property
    def site(self) -> str:
        """Place of work: that of the clock of the person's computer."""
        return SITES[self.person.offset_minutes]

    @property
    def fte_ratio(self) -> float:
        """Share of full time."""
        return self._chance("fte").choice(FTE_RATIOS)

    def leave(self, until: date) -> Iterator[tuple[date, date]]:
        """Times away up to a day, as first day away and first day back."""
        chance = self._chance("leave")
        day = self.employed_from + timedelta(days=chance.randrange(LEAVE_EVERY_DAYS))
        end = min(until, self.employed_until or until)
        while day < end:
            back = min(day + timedelta(days=chance.choice((1, 2, 5, 7, 14))), end)
            yield day, back
            day = back + timedelta(days=LEAVE_EVERY_DAYS // 2 + chance.randrange(LEAVE_EVERY_DAYS))

    def _chance(self, what: str) -> random.Random:
        return random.Random(f"{what}/{self.person.number}")


@dataclass(slots=True)
class Staff:
    """The staff, moved on by events in their order.

    Attributes:
        company: The organisation.
        records: Everybody who ever worked here, by login, in the order in which they came.
        members: Logins by team, as of now.
    """

    company: Company
    records: dict[str, StaffRecord] = field(default_factory=dict)
    members: dict[str, list[str]] = field(default_factory=dict)
    _people: dict[str, Person] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._people = {person.login: person for person in self.company.people}

    def take(self, event: Event) -> None:
        """Let one event change the staff; most events do not."""
        match event:
            case PersonJoined(login=login, team=str(team)):
                self._join(login, team, event.at)
            case PersonMovedTeam(login=login, from_team=old, to_team=new):
                record = self.records[login]
                ended = _ended(record.memberships, event.at)
                moved = (*ended, Membership(new, ended[-1].until_day or day_of(event.at)))
                self.members[old].remove(login)
                self._put(login, new, replace(record, memberships=moved, last_change_at=event.at))
            case PersonLeft(login=login, team=team):
                record = self.records[login]
                left = _ended(record.memberships, event.at)
                self.members[team].remove(login)
                self.records[login] = replace(
                    record, memberships=left, last_change_at=event.at, left_at=event.at
                )

    def _join(self, login: str, team: str, at: int) -> None:
        person = self._people[login]
        first_day = day_of(at)
        if at <= self.company.parameters.starts_at:
            first_day -= timedelta(
                days=random.Random(f"tenure/{person.number}").randrange(_LONGEST_TENURE_DAYS)
            )
        record = StaffRecord(person, (Membership(team, first_day),), at)
        self._put(login, team, record)

    def _put(self, login: str, team: str, record: StaffRecord) -> None:
        """File a record; the first of a team leads it."""
        others = self.members.setdefault(team, [])
        lead = next((each for each in others if each != login), None)
        others.append(login)
        manager = None if lead is None else self._people[lead].number
        self.records[login] = replace(record, manager=manager)


def staff_at(company: Company, events: Sequence[Event], until: int) -> Staff:
    """The staff at an instant, inclusive."""
    staff = Staff(company)
    for event in events:
        if event.at > until:
            break
        staff.take(event)
    return staff


def _ended(memberships: tuple[Membership, ...], at: int) -> tuple[Membership, ...]:
    """The memberships with the last one ended; one of a single day is none."""
    *before, last = memberships
    day = max(day_of(at), last.from_day + timedelta(days=1))
    return (*before, replace(last, until_day=day))
