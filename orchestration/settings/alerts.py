"""The shape of `alerts` in `assay.yml`: who is told of what, and how often."""

from typing import Annotated, Literal

from pydantic import Field

from connectors.settings import EnvironmentVariable, Name, SettingsSection

CauseKind = Literal["source", "check", "build", "publication", "freshness"]
AlertSeverity = Literal["warning", "blocking"]

EVERY_CAUSE: tuple[CauseKind, ...] = ("source", "check", "build", "publication", "freshness")


class AlertChannel(SettingsSection):
    """One place that is told: where it is, from which severity on, and of which kinds of cause.

    Attributes:
        name: What the channel is called in `assay alert list` and `assay status`.
        url_env: The environment variable that holds the channel's address, a secret, in apprise's form.
        severity: The least severity that is told.
        causes: The kinds of cause that are told.
    """

    name: Name
    url_env: EnvironmentVariable
    severity: AlertSeverity = "warning"
    causes: Annotated[tuple[CauseKind, ...], Field(min_length=1)] = EVERY_CAUSE


class Freshness(SettingsSection):
    """A source from which something new is to arrive at least every so many hours."""

    source: Name
    hours: Annotated[int, Field(ge=1, le=24 * 366)]


class Alerts(SettingsSection):
    """Who is told when something begins to be wrong, and when it is right again."""

    channels: tuple[AlertChannel, ...] = ()
    repeat_hours: Annotated[int, Field(ge=1, le=24 * 366)] | None = None
    freshness: tuple[Freshness, ...] = ()
