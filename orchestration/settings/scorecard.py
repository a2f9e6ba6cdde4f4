"""The sections `scorecard` and `context_windows`: which teams are compared, and what befell them."""

from typing import Annotated, Literal

from pydantic import Field

from connectors.settings import Date, Name, SettingsSection

ContextKind = Literal["migration", "reorganisation", "freeze", "launch", "acquisition", "on_call_load"]


class Scorecard(SettingsSection):
    """Which teams the scorecard shows, and from how many on it compares them.

    Fewer than three people are told apart by whoever is one of them; fewer than four teams leave nothing to
    shrink by.
    """

    minimum_team_size: Annotated[int, Field(ge=3, le=100)] = 5
    minimum_peers: Annotated[int, Field(ge=4, le=100)] = 4


class ContextWindow(SettingsSection):
    """Days [from, until) that numbers are to be read with: of some teams, or of the whole organisation."""

    name: Name
    kind: ContextKind
    teams: tuple[Name, ...] = ()
    from_: Date = Field(alias="from")
    until: Date
