"""The section `ownership` of `assay.yml`: who is believed on which question, and what others call a team."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from connectors.settings import Name, SettingsSection

ServiceSource = Literal["settings", "backstage", "codeowners", "pagerduty", "gitlab"]
MembershipSource = Literal["roster", "scim", "backstage", "github", "gitlab", "pagerduty"]
HierarchySource = Literal["settings", "backstage", "github", "gitlab", "pagerduty", "roster"]
SightedSource = Literal["backstage", "scim", "github", "gitlab", "pagerduty"]
NamingSource = Literal["roster", "scim", "backstage", "codeowners", "github", "gitlab", "pagerduty"]


class TeamNames(SettingsSection):
    """What other systems call a team: full names or the last part of one, without regard to case."""

    team: Name
    names: Annotated[tuple[str, ...], Field(min_length=1)]
    sources: tuple[NamingSource, ...] = ()


class Ownership(SettingsSection):
    """Who is believed, first to last; whom a list leaves out is not asked.

    Attributes:
        services: On the team that owns a service.
        memberships: On the teams of a person.
        hierarchy: On the team above a team.
        reach_back: Sources whose first reading counts for the time before it, too.
        team_names: What other systems call a team.
        counts_people_outside_roster: Whether people whom no roster knows count as full-time beside it.
    """

    services: tuple[ServiceSource, ...] = ("settings", "backstage", "codeowners", "pagerduty", "gitlab")
    memberships: tuple[MembershipSource, ...] = (
        "roster",
        "scim",
        "backstage",
        "github",
        "gitlab",
        "pagerduty",
    )
    hierarchy: tuple[HierarchySource, ...] = (
        "settings",
        "backstage",
        "github",
        "gitlab",
        "pagerduty",
        "roster",
    )
    reach_back: tuple[SightedSource, ...] = ()
    team_names: tuple[TeamNames, ...] = ()
    counts_people_outside_roster: bool = False

    @model_validator(mode="after")
    def _names_nobody_twice(self) -> Self:
        for question, order in self.questions.items():
            if len(set(order)) < len(order):
                raise PydanticCustomError(
                    "precedence", "{question} names a source twice", {"question": question}
                )
        claimed: dict[tuple[str, str], str] = {}
        for entry in self.team_names:
            for name in entry.names:
                for source in entry.sources or ("",):
                    team = claimed.setdefault((source, name.strip().lower()), entry.team)
                    if team != entry.team:
                        raise PydanticCustomError(
                            "team_names",
                            "'{name}' is said to be both '{one}' and '{other}'",
                            {"name": name, "one": team, "other": entry.team},
                        )
        return self

    @property
    def questions(self) -> dict[str, tuple[str, ...]]:
        """The order of sources for each kind of statement."""
        return {"services": self.services, "memberships": self.memberships, "hierarchy": self.hierarchy}
