"""What a single value cannot tell: names that must exist, overlapping ranges, variables that must be set."""

import difflib
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from connectors.git.settings import GitSettings
from connectors.settings import SourceSettings
from connectors.sources import SOURCE_KINDS
from orchestration.settings.calendars import DEFAULT_CALENDAR
from orchestration.settings.located import KeyPath
from orchestration.settings.models import Owner, Settings, Team


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem by its path; the reader of the file adds the line."""

    path: KeyPath
    message: str
    remedy: str


def reference_faults(settings: Settings) -> Iterator[Fault]:
    """Yield every contradiction inside the settings."""
    yield from _repeated_names(settings)
    yield from _empty_ranges(settings)
    yield from _team_faults(settings)
    yield from _service_faults(settings)
    yield from _calendar_faults(settings)
    yield from _source_faults(settings)
    yield from _context_faults(settings)
    yield from _alert_faults(settings)


def presence_faults(settings: Settings, environment: Mapping[str, str], folder: Path) -> Iterator[Fault]:
    """Yield what the machine lacks: unset variables, files and clones that are not there or no such thing."""
    for index, source in enumerate(settings.sources):
        for key, variable in source.variables.items():
            if not environment.get(variable):
                meaning = key.removesuffix("_env").replace("_", " ")
                yield _unset(("sources", index, key), variable, f"the {meaning} of source {source.name}")
        for key, place in source.folders.items():
            if not (folder / place).exists():
                yield Fault(("sources", index, key), f"there is no {place}", f"Put it there, or mend {key}")
        for key, (message, remedy) in source.credential_faults(environment, folder).items():
            yield Fault(("sources", index, key), message, remedy)
        if isinstance(source, GitSettings):
            yield from _absent_clones(("sources", index, "repositories"), source, folder)
    webhook = settings.on_failure.webhook_env
    if webhook and not environment.get(webhook):
        yield _unset(("on_failure", "webhook_env"), webhook, "the address of the webhook")


def _absent_clones(path: KeyPath, source: GitSettings, folder: Path) -> Iterator[Fault]:
    for position, clone in enumerate(source.repositories):
        if not (folder / clone.path).is_dir():
            message = f"there is no folder {clone.path}"
            yield Fault((*path, position, "path"), message, f"Clone {clone.name} there, or mend the path")


def _unset(path: KeyPath, variable: str, meaning: str) -> Fault:
    return Fault(
        path, f"the environment variable {variable} is not set", f"Set it to {meaning}: export {variable}=…"
    )


def _repeated_names(settings: Settings) -> Iterator[Fault]:
    named = {
        "sources": [source.name for source in settings.sources],
        "services": [service.name for service in settings.services],
        "alerts.channels": [channel.name for channel in settings.alerts.channels],
    }
    yield from _reused_names(settings)
    for section, names in named.items():
        seen: Counter[str] = Counter()
        for index, name in enumerate(names):
            # tools write the names of services in small and capital letters as they like
            key = name.lower() if section == "services" else name
            seen[key] += 1
            if seen[key] == 2:  # noqa: PLR2004 - the second of a name is the one to report
                message = f"the name '{name}' is taken"
                yield Fault((*section.split("."), index, "name"), message, "Names are unique; choose another")


def _reused_names(settings: Settings) -> Iterator[Fault]:
    """Yield names that a service had before, or has as its title, and another one has, or had."""
    taken = {service.name.lower(): index for index, service in enumerate(settings.services)}
    for index, service in enumerate(settings.services):
        for position, name in enumerate(service.formerly):
            if taken.setdefault(name.lower(), index) != index:
                yield _taken(settings, ("services", index, "formerly", position), name, taken)
    for index, service in enumerate(settings.services):
        if service.title and taken.get(service.title.lower(), index) != index:
            yield _taken(settings, ("services", index, "title"), service.title, taken)


def _taken(settings: Settings, path: KeyPath, name: str, taken: Mapping[str, int]) -> Fault:
    other = settings.services[taken[name.lower()]].name
    return Fault(
        path,
        f"the name '{name}' is, or was, that of the service '{other}'",
        "What other tools say about it can belong to one service only; leave it with that one",
    )


def _empty_ranges(settings: Settings) -> Iterator[Fault]:
    ranges: list[tuple[KeyPath, date | None, date | None]] = [
        (("reporting",), settings.reporting.from_, settings.reporting.until),
    ]
    for index, team in enumerate(settings.teams):
        ranges.append((("teams", index), team.from_, team.until))
    for index, window in enumerate(settings.context_windows):
        ranges.append((("context_windows", index), window.from_, window.until))
    for index, service in enumerate(settings.services):
        for position, owner in enumerate(service.owners):
            ranges.append((("services", index, "owners", position), owner.from_, owner.until))
    for path, start, end in ranges:
        if start and end and start >= end:
            yield Fault(
                (*path, "until"),
                f"{end} does not come after {start}",
                "The end is exclusive and lies after the start",
            )


def _overlaps(spans: Sequence[tuple[int, Team | Owner]]) -> Iterator[tuple[int, str]]:
    """Yield each later span that begins before an earlier one has ended."""
    ordered = sorted(spans, key=lambda span: span[1].from_)
    for (_, earlier), (index, later) in itertools.pairwise(ordered):
        if earlier.until is None or earlier.until > later.from_:
            end = f"on {earlier.until}" if earlier.until else "never"
            yield index, f"begins on {later.from_}, while the one before ends {end}"


def _team_faults(settings: Settings) -> Iterator[Fault]:
    names = {team.name for team in settings.teams}
    spans: dict[str, list[tuple[int, Team | Owner]]] = {}
    for index, team in enumerate(settings.teams):
        spans.setdefault(team.name, []).append((index, team))
        if team.parent and team.parent not in names:
            yield _unknown_team(("teams", index, "parent"), team.parent)
        elif team.parent and _is_own_ancestor(team, settings.teams):
            yield Fault(
                ("teams", index, "parent"),
                f"team '{team.name}' would be its own ancestor",
                "Break the circle",
            )
    for name, items in spans.items():
        for index, text in _overlaps(items):
            yield Fault(
                ("teams", index, "from"), f"this entry of team '{name}' {text}", "End the earlier entry there"
            )


def _is_own_ancestor(team: Team, teams: Sequence[Team]) -> bool:
    """Follow the parents in force when this entry begins."""
    seen = {team.name}
    parent = team.parent
    while parent:
        if parent in seen:
            return parent == team.name
        seen.add(parent)
        parent = next(
            (other.parent for other in teams if other.name == parent and _is_in_force(other, team.from_)),
            None,
        )
    return False


def _is_in_force(span: Team, day: date) -> bool:
    return span.from_ <= day and (span.until is None or day < span.until)


def _unknown_team(path: KeyPath, name: str) -> Fault:
    return Fault(path, f"there is no team '{name}'", "Add it under teams, or mend the name")


def _context_faults(settings: Settings) -> Iterator[Fault]:
    names = {team.name for team in settings.teams}
    for index, window in enumerate(settings.context_windows):
        for position, team in enumerate(window.teams):
            if team not in names:
                yield _unknown_team(("context_windows", index, "teams", position), team)


def _service_faults(settings: Settings) -> Iterator[Fault]:
    teams = {team.name for team in settings.teams}
    is_known = _repository_test(settings)
    for index, service in enumerate(settings.services):
        if not is_known(service.repository):
            yield Fault(
                ("services", index, "repository"),
                f"no source delivers the repository '{service.repository}'",
                "Add it to a source's repositories, or mend the name",
            )
        for position, owner in enumerate(service.owners):
            if owner.team not in teams:
                yield _unknown_team(("services", index, "owners", position, "team"), owner.team)
        for position, text in _overlaps(list(enumerate(service.owners))):
            path: KeyPath = ("services", index, "owners", position, "from")
            yield Fault(
                path,
                f"this owner of '{service.name}' {text}",
                "A service has one owner at a time: end the earlier one",
            )


def _calendar_faults(settings: Settings) -> Iterator[Fault]:
    """Calendars that teams name must be there, and the entries of one must not overlap."""
    names = {DEFAULT_CALENDAR, *(calendar.name for calendar in settings.calendars)}
    for index, team in enumerate(settings.teams):
        if team.calendar and team.calendar not in names:
            yield Fault(
                ("teams", index, "calendar"),
                f"there is no calendar '{team.calendar}'",
                "Add it under calendars, or mend the name",
            )
    reached: dict[str, date] = {}
    ordered = sorted(enumerate(settings.calendars), key=lambda one: one[1].from_ or date.min)
    for index, calendar in ordered:
        start, end = calendar.from_ or date.min, calendar.until or date.max
        if start >= end or start < reached.get(calendar.name, date.min):
            yield Fault(
                ("calendars", index, "from"),
                f"this entry of calendar '{calendar.name}' is empty or begins before the one before ends",
                "Give the entries of one calendar days that follow each other: `until` is exclusive",
            )
        reached[calendar.name] = max(end, reached.get(calendar.name, date.min))


def _repository_test(settings: Settings) -> Callable[[str], bool]:
    listed: set[str] = set()
    organisations: set[str] = set()
    for source in settings.sources:
        listed.update(name.lower() for name in source.named_repositories)
        organisations.update(name.lower() for name in source.repository_owners)
    return lambda name: name.lower() in listed or name.lower().partition("/")[0] in organisations


def _source_faults(settings: Settings) -> Iterator[Fault]:
    if "data" in settings.keys.folder.parts[:1]:
        yield Fault(
            ("keys", "folder"), "keys must not lie inside the data folder", "Choose a folder outside of data"
        )
    for index, source in enumerate(settings.sources):
        yield from _unknown_streams(("sources", index), source)


def _unknown_streams(path: KeyPath, source: SourceSettings) -> Iterator[Fault]:
    kind = SOURCE_KINDS[source.kind]
    known = [stream.name for stream in kind.streams if stream.name not in source.unused_streams]
    for position, name in enumerate(source.streams or ()):
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(known)}"
            yield Fault((*path, "streams", position), f"{kind.title} has no stream '{name}' here", hint)


def _alert_faults(settings: Settings) -> Iterator[Fault]:
    """Yield sources of which something fresh is expected and which nothing is read from."""
    names = [source.name for source in settings.sources]
    for index, rule in enumerate(settings.alerts.freshness):
        if rule.source not in names:
            close = difflib.get_close_matches(rule.source, names, n=1)
            hint = f"Did you mean '{close[0]}'?" if close else f"Known here: {', '.join(names)}"
            message = f"there is no source '{rule.source}'"
            yield Fault(("alerts", "freshness", index, "source"), message, hint)
