"""The shape of `assay.yml`: every key, its meaning and its default."""

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Union
from zoneinfo import ZoneInfo

from pydantic import Field

from connectors.settings import (
    Date,
    EnvironmentVariable,
    Name,
    RepositoryName,
    SettingsSection,
    SourceSettings,
)
from connectors.sources import SOURCE_KINDS
from orchestration.settings.alerts import Alerts
from orchestration.settings.calendars import Calendar
from orchestration.settings.openlineage import OpenLineage
from orchestration.settings.ownership import Ownership
from orchestration.settings.people import Identity, MappedPerson
from orchestration.settings.scorecard import ContextWindow, Scorecard
from orchestration.settings.value_types import Regex, TimeZone
from orchestration.settings.work_items import ResponseRules, TeamWorkItems, WorkItemRules, WorkItemScope

THE_BEGINNING = date(1970, 1, 1)


DeploymentOrigin = Literal[
    "deployments",
    "workflow_runs",
    "releases",
    "tags",
    "gitlab",
    "argocd",
    "circleci",
    "jenkins",
    "reported",
]


class Reporting(SettingsSection):
    """Whose days and weeks the periods are, and the range that is reported (end exclusive)."""

    time_zone: TimeZone = "UTC"
    from_: Date | None = Field(default=None, alias="from")
    until: Date | None = None


class Keys(SettingsSection):
    """Where the signing and token keys lie, relative to the workspace; never inside `data`."""

    folder: Path = Path("keys")


if TYPE_CHECKING:
    Source = SourceSettings
else:
    Source = Annotated[
        Union[tuple(kind.settings for kind in SOURCE_KINDS.values())],  # noqa: UP007 - built from the kinds
        Field(discriminator="kind"),
    ]


class Team(SettingsSection):
    """A team and its place in the organisation during [from, until)."""

    name: Name
    title: str | None = None
    parent: Name | None = None
    calendar: Name | None = None
    work_items: TeamWorkItems = TeamWorkItems()
    from_: Date = Field(default=THE_BEGINNING, alias="from")
    until: Date | None = None


class Owner(SettingsSection):
    """The team that owns a service during [from, until)."""

    team: Name
    from_: Date = Field(default=THE_BEGINNING, alias="from")
    until: Date | None = None


class ServiceDeployments(SettingsSection):
    """Where one service's deployments come from; null takes the workspace's default."""

    from_: DeploymentOrigin | None = Field(default=None, alias="from")
    environment: Regex | None = None
    task: Regex | None = None
    workflow: Regex | None = None
    tag: Regex | None = None


class Service(SettingsSection):
    """What is deployed as one: a repository, or paths of one."""

    name: Name
    title: str | None = None
    formerly: tuple[Name, ...] = ()
    repository: RepositoryName
    paths: Annotated[tuple[str, ...], Field(min_length=1)] = ("**",)
    owners: tuple[Owner, ...] = ()
    deployments: ServiceDeployments = ServiceDeployments()
    work_items: WorkItemScope = WorkItemScope()


class Deployments(SettingsSection):
    """What a deployment is where a service does not say."""

    from_: DeploymentOrigin = Field(default="deployments", alias="from")
    production_environments: Regex = "^(production|prod)$"
    workflow: Regex = "(?i)deploy"
    tag: Regex = r"^v?\d+"


class HotfixRules(SettingsSection):
    """A change is a hotfix when one of these matches."""

    branch: Regex = "^hotfix/"
    label: Regex = "^hotfix$"
    title: Regex = "(?i)^hotfix"


class IncidentRules(SettingsSection):
    """Which issues are production incidents, of which severities, and of which service."""

    label: Regex = "^incident$"
    severity: Regex = "^sev[123]$"
    service_label_prefix: str = "service:"
    link_hours: Annotated[int, Field(ge=1, le=24 * 14)] = 24
    unknown_percent: Annotated[int, Field(ge=0, le=100)] = 5


class DefectRules(SettingsSection):
    """Which work items are production defects."""

    label: Regex = "^production-defect$"


class BotRules(SettingsSection):
    """Which accounts are bots, beside those that the source marks as such."""

    pattern: Regex = r"(\[bot\]|-bot)$"
    logins: tuple[str, ...] = ()


class Rules(SettingsSection):
    """The rule tables' parameters."""

    hotfix: HotfixRules = HotfixRules()
    incidents: IncidentRules = IncidentRules()
    defects: DefectRules = DefectRules()
    rollout_merge_hours: Annotated[int, Field(ge=0, le=168)] = 6
    revert_window_days: Annotated[int, Field(ge=0, le=365)] = 14
    bots: BotRules = BotRules()
    work_items: WorkItemRules = WorkItemRules()
    response: ResponseRules = ResponseRules()


class Reconciliation(SettingsSection):
    """What each build asks the sources again: records of each stream, and totals of each stream's scopes."""

    sample_size: Annotated[int, Field(ge=0, le=200)] = 5
    total_scopes: Annotated[int, Field(ge=0, le=1000)] = 10


class Schedule(SettingsSection):
    """When the nightly run starts, in the reporting time zone (cron, five fields)."""

    nightly: Annotated[str, Field(pattern=r"^\S+(\s+\S+){4}$")] = "0 2 * * *"


class OnFailure(SettingsSection):
    """What happens when a run fails, beside the log: a command (JSON on its standard input), a webhook."""

    command: tuple[str, ...] = ()
    webhook_env: EnvironmentVariable | None = None


class Settings(SettingsSection):
    """The whole of `assay.yml`."""

    organisation: Name
    reporting: Reporting = Reporting()
    keys: Keys = Keys()
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    teams: tuple[Team, ...] = ()
    services: tuple[Service, ...] = ()
    ownership: Ownership = Ownership()
    calendars: tuple[Calendar, ...] = ()
    scorecard: Scorecard = Scorecard()
    context_windows: tuple[ContextWindow, ...] = ()
    deployments: Deployments = Deployments()
    rules: Rules = Rules()
    people: tuple[MappedPerson, ...] = ()
    identity: Identity = Identity()
    reconciliation: Reconciliation = Reconciliation()
    schedule: Schedule = Schedule()
    on_failure: OnFailure = OnFailure()
    alerts: Alerts = Alerts()
    openlineage: OpenLineage = OpenLineage()


def midnight(day: date, time_zone: str) -> datetime:
    """Return the instant at which a day of the reporting time zone begins."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
