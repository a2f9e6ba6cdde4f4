"""The settings as the rows that models join: schema `config` of the warehouse."""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from connectors.git.settings import GitSettings
from orchestration.flow.calendar_rows import calendar_rows
from orchestration.flow.ownership_rows import ownership_rows
from orchestration.flow.scorecard_rows import scorecard_rows
from orchestration.flow.work_item_rows import work_item_rows
from orchestration.settings.models import Service, Settings, midnight

_INSTANT = pa.timestamp("us", tz="UTC")
_TEXTS = pa.list_(pa.string())


def settings_rows(
    settings: Settings, *, repositories: Iterable[tuple[str, str]], reaches_until: datetime | None = None
) -> dict[str, pa.Table]:
    """Return the tables of schema `config`.

    Args:
        settings: The workspace's settings.
        repositories: (source, repository) of every repository that evidence knows; those of the settings are
            added.
        reaches_until: Up to when the evidence reaches; nothing later is reported as if it were known.
    """
    known = sorted({*repositories, *_listed_repositories(settings)})
    return {
        "services": _services(settings, known),
        "service_owners": _owners(settings),
        "teams": _teams(settings),
        **ownership_rows(settings),
        **scorecard_rows(settings),
        "repositories": _repositories(settings, known),
        "reporting": _reporting(settings, reaches_until),
        "rules": _rules(settings),
        **calendar_rows(settings),
        **work_item_rows(settings),
    }


def _listed_repositories(settings: Settings) -> set[tuple[str, str]]:
    return {(source.name, name) for source in settings.sources for name in source.listed_repositories}


def _services(settings: Settings, known: list[tuple[str, str]]) -> pa.Table:
    services = settings.services or _one_per_repository(sorted({repository for _, repository in known}))
    defaults = settings.deployments
    rows = [
        {
            "service_id": service.name,
            "title": service.title or service.name,
            "former_names": list(service.formerly),
            "repository": service.repository,
            "path_patterns": list(service.paths),
            "deployments_from": service.deployments.from_ or defaults.from_,
            "environment_pattern": service.deployments.environment or defaults.production_environments,
            "task_pattern": service.deployments.task,
            "workflow_pattern": service.deployments.workflow or defaults.workflow,
            "tag_pattern": service.deployments.tag or defaults.tag,
        }
        for service in services
    ]
    texts = ("service_id", "title", "former_names", "repository", "path_patterns", "deployments_from")
    patterns = ("environment_pattern", "task_pattern", "workflow_pattern", "tag_pattern")
    schema = pa.schema(
        [
            (name, _TEXTS if name in ("former_names", "path_patterns") else pa.string())
            for name in (*texts, *patterns)
        ]
    )
    return pa.Table.from_pylist(rows, schema=schema)


def _one_per_repository(repositories: list[str]) -> tuple[Service, ...]:
    """Make every repository a service, named without its owner where that tells them apart."""
    short = Counter(name.rpartition("/")[2] for name in repositories)
    return tuple(
        Service(
            name=last if short[last := name.rpartition("/")[2]] == 1 else name.replace("/", "."),
            repository=name,
        )
        for name in repositories
    )


def _owners(settings: Settings) -> pa.Table:
    rows = [
        {"service_id": service.name, "team_id": owner.team, **_validity(settings, owner.from_, owner.until)}
        for service in settings.services
        for owner in service.owners
    ]
    names = [("service_id", pa.string()), ("team_id", pa.string())]
    return pa.Table.from_pylist(rows, schema=pa.schema([*names, *_VALIDITY]))


def _teams(settings: Settings) -> pa.Table:
    rows = [
        {
            "team_id": team.name,
            "title": team.title or team.name,
            "parent_team_id": team.parent,
            **_validity(settings, team.from_, team.until),
        }
        for team in settings.teams
    ]
    names = [(name, pa.string()) for name in ("team_id", "title", "parent_team_id")]
    return pa.Table.from_pylist(rows, schema=pa.schema([*names, *_VALIDITY]))


_VALIDITY = [("valid_from", _INSTANT), ("valid_until", _INSTANT)]


def _validity(settings: Settings, start: date, end: date | None) -> dict[str, Any]:
    zone = settings.reporting.time_zone
    return {"valid_from": midnight(start, zone), "valid_until": midnight(end, zone) if end else None}


def _repositories(settings: Settings, known: list[tuple[str, str]]) -> pa.Table:
    cloned = {
        clone.name
        for source in settings.sources
        if isinstance(source, GitSettings)
        for clone in source.repositories
    }
    rows = [
        {"source": source, "repository": repository, "has_git": repository in cloned}
        for source, repository in known
    ]
    schema = pa.schema([("source", pa.string()), ("repository", pa.string()), ("has_git", pa.bool_())])
    return pa.Table.from_pylist(rows, schema=schema)


def _reporting(settings: Settings, reaches_until: datetime | None) -> pa.Table:
    reporting = settings.reporting
    start = midnight(reporting.from_, reporting.time_zone) if reporting.from_ else None
    end = midnight(reporting.until, reporting.time_zone) if reporting.until else None
    row = {
        "organisation": settings.organisation,
        "time_zone": reporting.time_zone,
        "coverage_from": start,
        "coverage_until": min((until for until in (end, reaches_until) if until), default=None),
    }
    texts = [("organisation", pa.string()), ("time_zone", pa.string())]
    instants = [("coverage_from", _INSTANT), ("coverage_until", _INSTANT)]
    return pa.Table.from_pylist([row], schema=pa.schema([*texts, *instants]))


def _rules(settings: Settings) -> pa.Table:
    rules = settings.rules
    numbers = {
        "rollout_merge_hours": rules.rollout_merge_hours,
        "incident_link_hours": rules.incidents.link_hours,
        "dispositions_unknown_percent": rules.incidents.unknown_percent,
        "revert_window_days": rules.revert_window_days,
    }
    texts = {
        "hotfix_branch_pattern": rules.hotfix.branch,
        "hotfix_label_pattern": rules.hotfix.label,
        "hotfix_title_pattern": rules.hotfix.title,
        "incident_label_pattern": rules.incidents.label,
        "incident_severity_pattern": rules.incidents.severity,
        "incident_service_label_prefix": rules.incidents.service_label_prefix,
        "defect_label_pattern": rules.defects.label,
        "bot_login_pattern": rules.bots.pattern,
        "production_environment_pattern": settings.deployments.production_environments,
    }
    return pa.table(
        {name: pa.array([value], pa.int32()) for name, value in numbers.items()}
        | {name: pa.array([value], pa.string()) for name, value in texts.items()}
    )
