"""The shape of `assay.yml`: every key, its meaning and its default."""

import re
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import duckdb
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

THE_BEGINNING = date(1970, 1, 1)


def _regex(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise PydanticCustomError(
            "regex",
            "'{pattern}' is not a regular expression: {reason}",
            {"pattern": pattern, "reason": str(error)},
        ) from None
    return _accepted_by_the_warehouse(pattern)


def _accepted_by_the_warehouse(pattern: str) -> str:
    """DuckDB matches with RE2, which has no look-around and no back-references."""
    try:
        duckdb.execute("select regexp_matches('', ?)", [pattern])
    except duckdb.Error as error:
        raise PydanticCustomError(
            "regex",
            "'{pattern}' cannot be matched in the warehouse: {reason}",
            {"pattern": pattern, "reason": str(error).splitlines()[0]},
        ) from None
    return pattern


def _time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise PydanticCustomError(
            "time_zone",
            "'{name}' is not a time zone of the IANA database, such as UTC or Europe/Berlin",
            {"name": name},
        ) from None
    return name


def _only_a_date(value: Any) -> Any:
    if isinstance(value, datetime):
        raise PydanticCustomError("date_only", "give a date such as 2025-07-01, without a time of day")
    return value


Regex = Annotated[str, AfterValidator(_regex)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]
Date = Annotated[date, BeforeValidator(_only_a_date)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
RepositoryName = Annotated[str, Field(pattern=r"^[^/\s]+(/[^/\s]+)?$")]
EnvironmentVariable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
DeploymentOrigin = Literal["deployments", "workflow_runs", "releases", "tags"]


class Section(BaseModel):
    """A mapping of the file: frozen, and without room for keys that nobody reads."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Reporting(Section):
    """Whose days and weeks the periods are, and the range that is reported (end exclusive)."""

    time_zone: TimeZone = "UTC"
    from_: Date | None = Field(default=None, alias="from")
    until: Date | None = None


class Keys(Section):
    """Where the signing and token keys lie, relative to the workspace; never inside `data`."""

    folder: Path = Path("keys")


class GitHubSource(Section):
    """A GitHub organisation or a list of repositories."""

    name: Name
    kind: Literal["github"]
    base_url: Annotated[str, Field(pattern=r"^https?://[^\s]+$")] = "https://api.github.com"
    organisation: str | None = None
    repositories: tuple[RepositoryName, ...] = ()
    token_env: EnvironmentVariable | None = "ASSAY_GITHUB_TOKEN"  # noqa: S105 - the name of a variable
    since: Date | None = None
    until: Date | None = None
    concurrency: Annotated[int, Field(ge=1, le=100)] = 16
    streams: tuple[str, ...] | None = None


class GitClone(Section):
    """A local clone, bare or not."""

    name: RepositoryName
    path: Path
    branch: str | None = None


class GitSource(Section):
    """Local clones, read with `git log`."""

    name: Name
    kind: Literal["git"]
    repositories: Annotated[tuple[GitClone, ...], Field(min_length=1)]


Source = Annotated[GitHubSource | GitSource, Field(discriminator="kind")]


class Team(Section):
    """A team and its place in the organisation during [from, until)."""

    name: Name
    title: str | None = None
    parent: Name | None = None
    from_: Date = Field(default=THE_BEGINNING, alias="from")
    until: Date | None = None


class Owner(Section):
    """The team that owns a service during [from, until)."""

    team: Name
    from_: Date = Field(default=THE_BEGINNING, alias="from")
    until: Date | None = None


class ServiceDeployments(Section):
    """Where one service's deployments come from; null takes the workspace's default."""

    from_: DeploymentOrigin | None = Field(default=None, alias="from")
    environment: Regex | None = None
    task: Regex | None = None
    workflow: Regex | None = None
    tag: Regex | None = None


class Service(Section):
    """What is deployed as one: a repository, or paths of one."""

    name: Name
    title: str | None = None
    repository: RepositoryName
    paths: Annotated[tuple[str, ...], Field(min_length=1)] = ("**",)
    owners: tuple[Owner, ...] = ()
    deployments: ServiceDeployments = ServiceDeployments()


class Deployments(Section):
    """What a deployment is where a service does not say."""

    from_: DeploymentOrigin = Field(default="deployments", alias="from")
    production_environments: Regex = "^(production|prod)$"
    workflow: Regex = "(?i)deploy"
    tag: Regex = r"^v?\d+"


class HotfixRules(Section):
    """A change is a hotfix when one of these matches."""

    branch: Regex = "^hotfix/"
    label: Regex = "^hotfix$"
    title: Regex = "(?i)^hotfix"


class IncidentRules(Section):
    """Which issues are production incidents, of which severities, and of which service."""

    label: Regex = "^incident$"
    severity: Regex = "^sev[123]$"
    service_label_prefix: str = "service:"
    link_hours: Annotated[int, Field(ge=1, le=24 * 14)] = 24


class DefectRules(Section):
    """Which work items are production defects."""

    label: Regex = "^production-defect$"


class BotRules(Section):
    """Which accounts are bots, beside those that the source marks as such."""

    pattern: Regex = r"(\[bot\]|-bot)$"
    logins: tuple[str, ...] = ()


class Rules(Section):
    """The rule tables' parameters."""

    hotfix: HotfixRules = HotfixRules()
    incidents: IncidentRules = IncidentRules()
    defects: DefectRules = DefectRules()
    rollout_merge_hours: Annotated[int, Field(ge=0, le=168)] = 6
    revert_window_days: Annotated[int, Field(ge=0, le=365)] = 14
    bots: BotRules = BotRules()


class Schedule(Section):
    """When the nightly run starts, in the reporting time zone (cron, five fields)."""

    nightly: Annotated[str, Field(pattern=r"^\S+(\s+\S+){4}$")] = "0 2 * * *"


class OnFailure(Section):
    """What happens when a run fails, beside the log: a command (JSON on its standard input), a webhook."""

    command: tuple[str, ...] = ()
    webhook_env: EnvironmentVariable | None = None


class Settings(Section):
    """The whole of `assay.yml`."""

    organisation: Name
    reporting: Reporting = Reporting()
    keys: Keys = Keys()
    sources: Annotated[tuple[Source, ...], Field(min_length=1)]
    teams: tuple[Team, ...] = ()
    services: tuple[Service, ...] = ()
    deployments: Deployments = Deployments()
    rules: Rules = Rules()
    schedule: Schedule = Schedule()
    on_failure: OnFailure = OnFailure()


def midnight(day: date, time_zone: str) -> datetime:
    """Return the instant at which a day of the reporting time zone begins."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)
