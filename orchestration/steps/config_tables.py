"""The schema `config`: the workspace's settings as rows that models join."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.errors import BuildFailedError
from orchestration.slos.config_columns import SLO_TABLES
from orchestration.steps.stream_gaps import GAP_COLUMNS

_INSTANT = "timestamptz"
CONFIG_TABLES: Mapping[str, Mapping[str, str]] = {
    "services": {
        "service_id": "varchar",
        "title": "varchar",
        "former_names": "varchar[]",
        "repository": "varchar",
        "path_patterns": "varchar[]",
        "deployments_from": "varchar",
        "environment_pattern": "varchar",
        "task_pattern": "varchar",
        "workflow_pattern": "varchar",
        "tag_pattern": "varchar",
    },
    "service_owners": {
        "service_id": "varchar",
        "team_id": "varchar",
        "valid_from": _INSTANT,
        "valid_until": _INSTANT,
    },
    "teams": {
        "team_id": "varchar",
        "title": "varchar",
        "parent_team_id": "varchar",
        "valid_from": _INSTANT,
        "valid_until": _INSTANT,
    },
    "ownership": {"counts_people_outside_roster": "boolean"},
    "ownership_sources": {
        "statement": "varchar",
        "source_kind": "varchar",
        "source_rank": "integer",
        "reaches_back": "boolean",
    },
    "team_names": {"source_kind": "varchar", "source_name": "varchar", "team_id": "varchar"},
    "scorecard": {"minimum_team_size": "integer", "minimum_peer_count": "integer"},
    "context_windows": {
        "window_name": "varchar",
        "window_kind": "varchar",
        "team_id": "varchar",
        "from_date": "date",
        "until_date": "date",
    },
    "repositories": {"source": "varchar", "repository": "varchar", "has_git": "boolean"},
    "reporting": {
        "organisation": "varchar",
        "time_zone": "varchar",
        "coverage_from": _INSTANT,
        "coverage_until": _INSTANT,
    },
    "incident_dispositions": {
        "incident_id": "varchar",
        "disposition": "varchar",
        "deployment_ids": "varchar[]",
        "decided_at": _INSTANT,
        "leaf_index": "bigint",
    },
    "corrections": {
        "fact": "varchar",
        "fact_part_id": "varchar",
        "service_id": "varchar",
        "column_name": "varchar",
        "value": "varchar",
        "correction_id": "varchar",
        "leaf_index": "bigint",
    },
    "rules": {
        "hotfix_branch_pattern": "varchar",
        "hotfix_label_pattern": "varchar",
        "hotfix_title_pattern": "varchar",
        "incident_label_pattern": "varchar",
        "incident_severity_pattern": "varchar",
        "incident_service_label_prefix": "varchar",
        "defect_label_pattern": "varchar",
        "rollout_merge_hours": "integer",
        "incident_link_hours": "integer",
        "dispositions_unknown_percent": "integer",
        "revert_window_days": "integer",
        "bot_login_pattern": "varchar",
        "production_environment_pattern": "varchar",
    },
    "calendars": {
        "calendar_id": "varchar",
        "time_zone": "varchar",
        "country": "varchar",
        "subdivision": "varchar",
        "hours": "varchar[]",
        "days_off": "date[]",
        "working_days": "date[]",
        "valid_from": "date",
        "valid_until": "date",
        "holidays_version": "varchar",
    },
    "team_calendars": {
        "team_id": "varchar",
        "calendar_id": "varchar",
        "valid_from": _INSTANT,
        "valid_until": _INSTANT,
    },
    "work_item_kinds": {
        "position": "integer",
        "kind": "varchar",
        "type_pattern": "varchar",
        "label_pattern": "varchar",
    },
    "work_item_statuses": {"position": "integer", "status_pattern": "varchar", "category": "varchar"},
    "severity_levels": {"position": "integer", "severity": "varchar", "severity_pattern": "varchar"},
    "work_item_scopes": {
        "service_id": "varchar",
        "team_id": "varchar",
        "project_key": "varchar",
        "component_name": "varchar",
        "board_name": "varchar",
        "valid_from": _INSTANT,
        "valid_until": _INSTANT,
    },
    "flow_rules": {
        "waiting_status_pattern": "varchar",
        "in_progress_label_pattern": "varchar",
        "waiting_label_pattern": "varchar",
        "mitigated_pattern": "varchar",
        "same_incident_minutes": "integer",
    },
    "stream_gaps": GAP_COLUMNS,
    **SLO_TABLES,
}
_ONE_ROW = ("reporting", "rules")


def write_config_tables(con: duckdb.DuckDBPyConnection, tables: Mapping[str, pa.Table]) -> dict[str, str]:
    """Write every table anew and return the fingerprint of each one's rows, by `config.<name>`.

    Args:
        con: the warehouse.
        tables: Arrow tables by name with columns of `CONFIG_TABLES`; a column left out is NULL, a table left
            out is empty.

    Raises:
        BuildFailedError: a table or column is unknown, or a table of one row has another number of rows.
    """
    _check(tables)
    con.execute("create schema if not exists config")
    for name, columns in CONFIG_TABLES.items():
        declared = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        con.execute(f"create or replace table config.{name} ({declared})")
        if name in tables:
            con.register("incoming_config", tables[name])
            con.execute(f"insert into config.{name} by name select * from incoming_config")
            con.unregister("incoming_config")
    return {f"config.{name}": _fingerprint(tables.get(name)) for name in CONFIG_TABLES}


def _check(tables: Mapping[str, pa.Table]) -> None:
    for name, table in tables.items():
        unknown = set(table.column_names) - set(CONFIG_TABLES.get(name, {}))
        if name not in CONFIG_TABLES or unknown:
            raise BuildFailedError(
                f"No model reads config.{name} ({', '.join(sorted(unknown)) or 'no such table'}). "
                f"Known tables: {', '.join(CONFIG_TABLES)}."
            )
    for name in _ONE_ROW:
        rows = tables[name].num_rows if name in tables else 0
        if rows != 1:
            raise BuildFailedError(f"config.{name} needs exactly one row and got {rows}.")


def _fingerprint(table: pa.Table | None) -> str:
    values = [] if table is None else table.to_pylist()
    rows = sorted(json.dumps(row, sort_keys=True, default=_text) for row in values)
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
