"""Jurisdictions: which law or agreement a team works under, and what that asks for. Reviewed YAML.

`governance/jurisdictions.yml`:

    jurisdictions:
      de:
        title: Germany, works agreement of 2026
        teams: [payments, platform]       # with every team below them; "*" is every team
        required_roles: [works_council]   # beside those of the metric's policy
        persons: []                       # metrics that this jurisdiction allows for persons
      us:
        teams: [search]

A team that no jurisdiction has is not known to lie anywhere, and gets no incentive value. A team of which
parts lie in several needs what each of them asks for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from governance.errors import PolicyError
from governance.policies import refuse_no_names, refuse_unknown, refuse_unnamed
from governance.yaml_documents import Document, read_document

EVERY_TEAM = "*"
_KEYS = ("title", "teams", "required_roles", "persons")


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A jurisdiction: whom it covers, who signs in it, and which metrics it allows for persons."""

    name: str
    title: str
    teams: tuple[str, ...]
    required_roles: tuple[str, ...] = ()
    person_metrics: tuple[str, ...] = ()

    def covers(self, team_path: Iterable[str]) -> bool:
        """Whether a team lies in it: itself, or a team above it, is listed."""
        return EVERY_TEAM in self.teams or not set(team_path).isdisjoint(self.teams)


@dataclass(frozen=True, slots=True)
class JurisdictionBook:
    """All jurisdictions of a workspace."""

    document: Document
    jurisdictions: Mapping[str, Jurisdiction]

    @classmethod
    def empty(cls) -> "JurisdictionBook":
        """Return a book without a jurisdiction: no team is known to lie anywhere."""
        return cls(Document(Path("governance/jurisdictions.yml"), {}), {})

    @classmethod
    def load(cls, path: Path) -> "JurisdictionBook":
        """Read the file; one that is not there knows of no jurisdiction.

        Raises:
            PolicyError: unknown key or wrong type; file and line are named.
        """
        if not path.exists():
            return cls.empty()
        document = read_document(path)
        refuse_unknown(document, (), document.value, ("jurisdictions",))
        given = document.value.get("jurisdictions") or {}
        if not isinstance(given, dict):
            raise PolicyError(
                f"{document.place('jurisdictions')}: jurisdictions is a mapping from name to jurisdiction"
            )
        return cls(document, {str(name): _read(document, str(name), each) for name, each in given.items()})

    def check_known(self, *, teams: Iterable[str], metrics: Iterable[str]) -> None:
        """Refuse teams and metrics that do not exist: whoever is meant would be left out.

        Raises:
            PolicyError: the name is unknown; the nearest one is suggested.
        """
        known_teams, known_metrics = sorted(teams), sorted(metrics)
        for each in self.jurisdictions.values():
            for team in each.teams:
                if team != EVERY_TEAM:
                    place = ("jurisdictions", each.name, "teams")
                    refuse_unnamed(self.document, place, team, known_teams, what="team")
            for metric in each.person_metrics:
                place = ("jurisdictions", each.name, "persons")
                refuse_unnamed(self.document, place, metric, known_metrics, what="metric")

    def of_paths(self, team_paths: Iterable[tuple[str, ...]]) -> frozenset[str] | None:
        """Return where teams lie, given each by its path from near to far.

        Returns:
            The names of all jurisdictions that cover any of them; None where no team is given, or one of them
            lies in none.
        """
        found: set[str] = set()
        paths = tuple(team_paths)
        for path in paths:
            here = {each.name for each in self.jurisdictions.values() if each.covers(path)}
            if not here:
                return None
            found |= here
        return frozenset(found) if paths else None

    def required_roles(self, jurisdiction: str) -> tuple[str, ...]:
        """Return the roles that sign in a jurisdiction beside those of the metric's policy."""
        return self.jurisdictions[jurisdiction].required_roles


def _read(document: Document, name: str, given: Any) -> Jurisdiction:
    place = ("jurisdictions", name)
    if not isinstance(given, dict):
        raise PolicyError(f"{document.place(*place)}: the jurisdiction {name} is a mapping")
    refuse_unknown(document, place, given, _KEYS)
    title = given.get("title", name)
    if not isinstance(title, str):
        raise PolicyError(f"{document.place(*place, 'title')}: title is text, not {title!r}")
    teams = given.get("teams", [])
    if teams == EVERY_TEAM:
        teams = [EVERY_TEAM]
    return Jurisdiction(
        name,
        title,
        refuse_no_names(document, (*place, "teams"), teams),
        refuse_no_names(document, (*place, "required_roles"), given.get("required_roles", [])),
        refuse_no_names(document, (*place, "persons"), given.get("persons", [])),
    )
