"""The settings' rules about work items and incidents, as rows."""

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from orchestration.settings.models import THE_BEGINNING, Settings, midnight
from orchestration.settings.work_items import WorkItemScope

_INSTANT = pa.timestamp("us", tz="UTC")
_TEXT = pa.string()
_KINDS = [("position", pa.int32()), ("kind", _TEXT), ("type_pattern", _TEXT), ("label_pattern", _TEXT)]
_STATUSES = [("position", pa.int32()), ("status_pattern", _TEXT), ("category", _TEXT)]
_SEVERITIES = [("position", pa.int32()), ("severity", _TEXT), ("severity_pattern", _TEXT)]
_SCOPES = [
    ("service_id", _TEXT),
    ("team_id", _TEXT),
    ("project_key", _TEXT),
    ("component_name", _TEXT),
    ("board_name", _TEXT),
    ("valid_from", _INSTANT),
    ("valid_until", _INSTANT),
]


def work_item_rows(settings: Settings) -> dict[str, pa.Table]:
    """Return the tables of schema `config` that tell what work items mean and whose they are."""
    items, response = settings.rules.work_items, settings.rules.response
    incidents, defects = settings.rules.incidents.label, settings.rules.defects.label
    kinds: list[tuple[Any, ...]] = [("incident", None, incidents), ("production_defect", None, defects)]
    kinds += [(each.kind, each.type, each.label) for each in items.kinds]
    rules = {
        "waiting_status_pattern": items.waiting_status,
        "in_progress_label_pattern": items.in_progress_label,
        "waiting_label_pattern": items.waiting_label,
        "mitigated_pattern": response.mitigated,
    }
    minutes = {"same_incident_minutes": pa.array([response.same_incident_minutes], pa.int32())}
    return {
        "work_item_kinds": _numbered(kinds, _KINDS),
        "work_item_statuses": _numbered([(each.name, each.category) for each in items.statuses], _STATUSES),
        "severity_levels": _numbered(
            [(each.severity, each.pattern) for each in response.severities], _SEVERITIES
        ),
        "work_item_scopes": pa.Table.from_pylist(list(_scopes(settings)), schema=pa.schema(_SCOPES)),
        "flow_rules": pa.table({name: pa.array([text], _TEXT) for name, text in rules.items()} | minutes),
    }


def _numbered(rows: list[tuple[Any, ...]], columns: list[tuple[str, pa.DataType]]) -> pa.Table:
    names = [name for name, _ in columns]
    numbered = [dict(zip(names, (position, *row), strict=True)) for position, row in enumerate(rows, start=1)]
    return pa.Table.from_pylist(numbered, schema=pa.schema(columns))


def _scopes(settings: Settings) -> Iterator[dict[str, Any]]:
    """One row per service or team and what it is told by: a project, a component, both, or a board."""
    zone = settings.reporting.time_zone
    for service in settings.services:
        since = {"valid_from": midnight(THE_BEGINNING, zone), "valid_until": None}
        for row in _told_by(service.work_items):
            yield {"service_id": service.name, "team_id": None, **row, **since}
    for team in settings.teams:
        since = {
            "valid_from": midnight(team.from_, zone),
            "valid_until": midnight(team.until, zone) if team.until else None,
        }
        boards = [_told(board_name=board) for board in team.work_items.boards]
        for row in [*_told_by(team.work_items), *boards]:
            yield {"service_id": None, "team_id": team.name, **row, **since}


def _told_by(scope: WorkItemScope) -> Iterator[dict[str, Any]]:
    if scope.projects or scope.components:
        for project in scope.projects or (None,):
            for component in scope.components or (None,):
                yield _told(project_key=project, component_name=component)


def _told(**given: str | None) -> dict[str, Any]:
    return {"project_key": None, "component_name": None, "board_name": None, **given}
