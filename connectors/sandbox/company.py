"""The simulated organisation as it is drawn up: teams, people, services, and the reorganisations to come."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache

from connectors.sandbox.catalogue import CATALOGUE, MONOREPO, SHARED_PATHS, Repository, Service, Sketch
from connectors.sandbox.parameters import ORGANISATION, Parameters, day_of
from connectors.sandbox.people import Person, people
from connectors.sandbox.working_time import DAY, is_holiday, weekday

INCIDENT_REPOSITORY = f"{ORGANISATION}/incidents"
PEOPLE_PER_TEAM = 9
PARENTS = {
    "payments": "commerce",
    "storefront": "commerce",
    "fulfilment": "commerce",
    "discovery": "commerce",
    "growth": "commerce",
    "identity": "infrastructure",
    "reliability": "infrastructure",
    "data": "infrastructure",
}
THURSDAY = 3
SHORTEST_STORY_WITH_REORGANISATIONS = 3


@dataclass(frozen=True, slots=True)
class TeamPeriod:
    """A team under one parent, in force in [from_day, until_day)."""

    name: str
    parent: str | None
    from_day: date
    until_day: date | None = None

    @property
    def title(self) -> str:
        """Name for people."""
        return self.name.replace("-", " ").title()


@dataclass(frozen=True, slots=True)
class Ownership:
    """A service belongs to a team in [from_day, until_day)."""

    service: str
    team: str
    from_day: date
    until_day: date | None = None


@dataclass(frozen=True, slots=True)
class Reorganisation:
    """Services and teams change hands at midnight UTC.

    Attributes:
        at: The midnight, in epoch seconds.
        service_moves: Pairs of service and its new team.
        team_moves: Pairs of team and its new parent; a team without a period before is founded.
    """

    at: int
    title: str
    service_moves: tuple[tuple[str, str], ...] = ()
    team_moves: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Company:
    """Everything that is settled before the first event."""

    parameters: Parameters
    people: tuple[Person, ...]
    home_teams: tuple[tuple[str, str], ...]
    services: tuple[Service, ...]
    repositories: tuple[Repository, ...]
    teams: tuple[TeamPeriod, ...]
    ownerships: tuple[Ownership, ...]
    reorganisations: tuple[Reorganisation, ...]
    owners_of: Mapping[str, Sequence[Ownership]] = field(init=False, repr=False, compare=False)
    periods_of: Mapping[str, Sequence[TeamPeriod]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        owners: dict[str, list[Ownership]] = {}
        for ownership in self.ownerships:
            owners.setdefault(ownership.service, []).append(ownership)
        periods: dict[str, list[TeamPeriod]] = {}
        for period in self.teams:
            periods.setdefault(period.name, []).append(period)
        object.__setattr__(self, "owners_of", owners)
        object.__setattr__(self, "periods_of", periods)

    def owner_at(self, service: str, instant: int) -> str:
        """The team that owns a service at an instant."""
        day = day_of(instant)
        for ownership in self.owners_of[service]:
            if is_in_force(ownership, day):
                return ownership.team
        raise LookupError(f"Nobody owns {service} on {day}.")

    def ancestors_at(self, team: str, instant: int) -> Iterator[str]:
        """The team and those above it at an instant, from the bottom up."""
        day = day_of(instant)
        above: str | None = team
        while above is not None:
            yield above
            above = next(
                (period.parent for period in self.periods_of[above] if is_in_force(period, day)), None
            )

    def is_ownership_settled(self, service: str, instant: int, *, margin_days: int) -> bool:
        """Whether no reorganisation touches the service within a margin around an instant."""
        near = [move for move in self.reorganisations if abs(move.at - instant) < margin_days * DAY]
        team = self.owner_at(service, instant)
        return not any(
            service in dict(move.service_moves) or set(dict(move.team_moves)) & {team} for move in near
        )


def is_in_force(period: TeamPeriod | Ownership, day: date) -> bool:
    """Whether a dated row holds on a day."""
    return period.from_day <= day and (period.until_day is None or day < period.until_day)


@cache
def found(parameters: Parameters) -> Company:
    """Draw up the organisation for a set of parameters."""
    sketches = tuple(copies(parameters))
    services = tuple(service(sketch) for sketch in sketches)
    reorganisations = planned_reorganisations(parameters, services)
    founding_day = date(parameters.first_day.year - 1, 1, 1)
    teams = dated_teams(services, reorganisations, founding_day)
    homes = sorted(
        {period.name for period in teams if period.parent is not None and period.from_day == founding_day}
    )
    chance = random.Random(f"{parameters.seed}/people")
    staff = people(chance, PEOPLE_PER_TEAM * len(homes) + 1)
    return Company(
        parameters=parameters,
        people=staff,
        home_teams=tuple((person.login, homes[number % len(homes)]) for number, person in enumerate(staff)),
        services=services,
        repositories=tuple(repositories(sketches)),
        teams=teams,
        ownerships=tuple(dated_ownerships(services, reorganisations, founding_day)),
        reorganisations=reorganisations,
    )


def copies(parameters: Parameters) -> Iterator[Sketch]:
    """The rows of the catalogue, as often as the factor says; copies carry a number in each name."""
    wanted = parameters.services or len(CATALOGUE) * parameters.factor
    for index in range(wanted):
        sketch, copy = CATALOGUE[index % len(CATALOGUE)], index // len(CATALOGUE) + 1
        suffix = f"-{copy}" if copy > 1 else ""
        yield replace(
            sketch,
            name=sketch.name + suffix,
            team=sketch.team + suffix,
            repository=f"{ORGANISATION}/{sketch.repository}{suffix}",
        )


def service(sketch: Sketch) -> Service:
    """The service of one row; those of the monorepo own folders, the others everything."""
    is_shared = is_monorepo(sketch.repository)
    kind = next((known for known in SHARED_PATHS if f"{sketch.name}-".startswith(f"{known}-")), "")
    return Service(
        name=sketch.name,
        repository=sketch.repository,
        paths=(f"services/{sketch.name}/**", *SHARED_PATHS.get(kind, ())) if is_shared else ("**",),
        team=sketch.team,
        task=f"deploy:{sketch.name}" if is_shared else None,
        **sketch.service,  # type: ignore[arg-type]  # the catalogue's rows name fields of Service
    )


def is_monorepo(repository: str) -> bool:
    """Whether several services share the repository."""
    return f"{repository}-".startswith(f"{ORGANISATION}/{MONOREPO}-")


def repositories(sketches: Iterable[Sketch]) -> Iterator[Repository]:
    """One repository per name, by the rules of the first row that names it, and the one of the incidents."""
    seen: dict[str, Repository] = {}
    for sketch in sketches:
        known = seen.get(sketch.repository)
        if known is None:
            seen[sketch.repository] = Repository(
                name=sketch.repository,
                merge_methods=sketch.methods,
                has_ci=sketch.has_ci,
                direct_push_share=sketch.direct_push_share,
                is_monorepo=is_monorepo(sketch.repository),
                has_review_bot=sketch.has_review_bot,
            )
    yield from seen.values()
    yield Repository(INCIDENT_REPOSITORY, (("squash", 1.0),), has_ci=False)


def planned_reorganisations(
    parameters: Parameters, services: tuple[Service, ...]
) -> tuple[Reorganisation, ...]:
    """Three reorganisations in a story of three months or more: a swap, a new team, a new parent."""
    if parameters.months < SHORTEST_STORY_WITH_REORGANISATIONS:
        return ()
    plan: tuple[tuple[float, str, dict[str, str], dict[str, str]], ...] = (
        (0.3, "Fulfilment takes over invoicing", {"invoicing": "fulfilment", "shipping": "payments"}, {}),
        (0.55, "Growth is founded", {"pricing": "growth", "catalogue": "growth"}, {"growth": "commerce"}),
        (0.8, "Data joins commerce", {}, {"data": "commerce"}),
    )
    made = []
    for share, title, service_moves, team_moves in plan:
        moves = tuple(copied_moves(services, service_moves, [row.name for row in services]))
        owners = sorted({row.team for row in services} | {team for _, team in moves})
        risen = tuple(copied_moves(services, team_moves, owners))
        if moves or risen:
            made.append(Reorganisation(thursday(parameters, share), title, moves, risen))
    return tuple(made)


def copied_moves(
    services: tuple[Service, ...], moves: dict[str, str], existing: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """The planned moves of those that exist, for every copy of the catalogue."""
    rounds = (len(services) - 1) // len(CATALOGUE) + 1
    there = set(existing)
    for copy in range(1, rounds + 1):
        suffix = f"-{copy}" if copy > 1 else ""
        for moved, target in moves.items():
            if moved + suffix in there:
                yield moved + suffix, target + suffix


def thursday(parameters: Parameters, share: float) -> int:
    """Midnight of a Thursday after a share of the story: reorganisations cut through weeks."""
    at = parameters.starts_at + int(share * (parameters.ends_at - parameters.starts_at))
    at -= at % DAY
    while weekday(at) != THURSDAY or is_holiday(at):
        at += DAY
    return at


def parent_of(team: str) -> str:
    """The parent at the founding; copies of a team have copies of the parent."""
    name, _, copy = team.rpartition("-")
    return f"{PARENTS[name]}-{copy}" if name in PARENTS else PARENTS[team]


def dated_teams(
    services: tuple[Service, ...], reorganisations: tuple[Reorganisation, ...], founding_day: date
) -> tuple[TeamPeriod, ...]:
    """Every team with its parents over time; parents have none above them."""
    founded = {team for move in reorganisations for team, _ in move.team_moves if team.startswith("growth")}
    named = {row.team for row in services} | {
        team for move in reorganisations for _, team in move.service_moves if team not in founded
    }
    open_periods = {team: TeamPeriod(team, parent_of(team), founding_day) for team in sorted(named)}
    closed: list[TeamPeriod] = []
    for move in reorganisations:
        day = day_of(move.at)
        for team, parent in move.team_moves:
            before = open_periods.get(team)
            if before is not None:
                closed.append(replace(before, until_day=day))
            open_periods[team] = TeamPeriod(team, parent, day)
    above = {period.parent for period in [*closed, *open_periods.values()] if period.parent is not None}
    tops = [TeamPeriod(name, None, founding_day) for name in sorted(above)]
    return tuple(
        sorted([*tops, *closed, *open_periods.values()], key=lambda period: (period.name, period.from_day))
    )


def dated_ownerships(
    services: tuple[Service, ...], reorganisations: tuple[Reorganisation, ...], founding_day: date
) -> Iterator[Ownership]:
    """Every service with its owners over time."""
    for row in services:
        current = Ownership(row.name, row.team, founding_day)
        for move in reorganisations:
            team = dict(move.service_moves).get(row.name)
            if team is not None:
                yield replace(current, until_day=day_of(move.at))
                current = Ownership(row.name, team, day_of(move.at))
        yield current
