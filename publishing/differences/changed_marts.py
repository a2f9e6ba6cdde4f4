"""The rows of the other published marts that differ: scorecard, objectives, flow and the wide ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from publishing.differences.sides import shared_columns
from publishing.tables import quoted

_SCOPED = ("scope_kind", "scope_id", "period_start")
KEYS: Mapping[str, tuple[str, ...]] = {
    "mart_dora_daily": _SCOPED,
    "mart_dora_weekly": _SCOPED,
    "mart_dora_monthly": _SCOPED,
    "mart_dora_quarterly": _SCOPED,
    "mart_flow_weekly": _SCOPED,
    "mart_incident_response": _SCOPED,
    "mart_lead_time_breakdown": (*_SCOPED, "period_grain"),
    "mart_dora_benchmarks": (*_SCOPED, "period_grain"),
    "mart_team_scorecard": (
        *("metric", "profile", "team_id", "peer_group"),
        *("period_grain", "period_start", "normalisation"),
    ),
    "mart_slo_attainment": (
        "slo_id",
        "objective_id",
        "scope_kind",
        "scope_id",
        "window_kind",
        "window_starts_at",
    ),
    "mart_profile_comparison": (*_SCOPED, "period_grain", "profile", "metric"),
    "mart_ownership_coverage": ("fact", "month_date", "service_id", "organisation"),
    "mart_excluded_facts": ("exclusion_id",),
    "mart_unowned": ("fact", "service_id", "repository", "reason"),
}
"""The columns that tell the rows of a mart apart."""

ABOUT_READING = (
    "mart_check_results",
    "mart_reconciliation",
    "mart_stream_completeness",
    "mart_ownership_conflicts",
)
"""Marts that say how data was read, checked and assigned: they hold no metric."""

_MOST_ROWS = 2_000
_ROWS = """
select
    [{keys}] as key,
    case when was.is_there is null then 'added' when now.is_there is null then 'removed' else 'changed' end
        as change,
    list_filter([{cells}], lambda cell: cell is not null) as cells
from (select *, true as is_there from old.marts.{table}) as was
full join (select *, true as is_there from new.marts.{table}) as now on {same}
where was.is_there is null or now.is_there is null or {differs}
order by key
"""


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """One row of a mart that differs: its key, and (column, old, new) of each value, spelled as text."""

    key: Mapping[str, str | None]
    change: str
    values: tuple[tuple[str, str | None, str | None], ...]
    causes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangedMart:
    """What differs in one mart. Of very many rows only the first are listed; the counts are of all."""

    name: str
    added: int
    removed: int
    changed: int
    rows: tuple[ChangedRow, ...]


def changed_mart(con: duckdb.DuckDBPyConnection, table: str) -> ChangedMart | None:
    """Compare one mart; None where nothing differs, or one of the publications does not have it."""
    columns = shared_columns(con, table)
    keys = [name for name in KEYS[table] if name in columns]
    others = [name for name in columns if name not in keys]
    if not keys or not others:
        return None
    query = _ROWS.format(
        table=table,
        keys=", ".join(f"coalesce(now.{quoted(key)}, was.{quoted(key)})::varchar" for key in keys),
        same=" and ".join(f"was.{quoted(key)} is not distinct from now.{quoted(key)}" for key in keys),
        differs=" or ".join(_differs(name) for name in others),
        cells=", ".join(
            f"case when {_differs(name)} then "
            f"{{'name': '{name}', 'old': was.{quoted(name)}::varchar, "
            f"'new': now.{quoted(name)}::varchar}} end"
            for name in others
        ),
    )
    found = con.execute(query).fetchall()
    if not found:
        return None
    rows = [_row(keys, row) for row in found[:_MOST_ROWS]]
    counts = {kind: sum(row[1] == kind for row in found) for kind in ("added", "removed", "changed")}
    return ChangedMart(table, **counts, rows=tuple(rows))


def _differs(name: str) -> str:
    return f"was.{quoted(name)} is distinct from now.{quoted(name)}"


def _row(keys: list[str], row: tuple[Any, ...]) -> ChangedRow:
    key, change, cells = row
    values = tuple((cell["name"], cell["old"], cell["new"]) for cell in cells) if change == "changed" else ()
    return ChangedRow(dict(zip(keys, key, strict=True)), change, values)
