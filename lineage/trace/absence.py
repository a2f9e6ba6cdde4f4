"""Evidence for absence: who looked at a period, when nothing was found in it."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from lineage.trace.cells import has_table
from lineage.trace.document import Coverage, TracedCell, TracedDefinition, TracedWindow
from lineage.trace.queries import run_query

# the streams in which an event of the fact could have been, had there been one
_DEPLOYMENTS = ("deployments", "deployment_statuses", "workflow_runs", "releases", "tags")
_STREAMS = {
    "fct_deployments": _DEPLOYMENTS,
    "fct_changes": (*_DEPLOYMENTS, "commits"),
    "fct_pull_requests": (*_DEPLOYMENTS, "pull_requests"),
    "fct_change_failures": (*_DEPLOYMENTS, "issues"),
}
_ANY_SCOPE = ("issues",)  # incidents are often kept in a repository of their own
_TABLES = (("evidence", "fetch_windows"), ("raw", "fetch_windows"))
_MOST_WINDOWS = 20


def find_coverage(
    con: duckdb.DuckDBPyConnection, cell: TracedCell, definition: TracedDefinition, *, zone: ZoneInfo
) -> tuple[Coverage, ...]:
    """Return, by stream and scope, the fetches that looked at the cell's period in its time zone."""
    table = next((pair for pair in _TABLES if has_table(con, *pair)), None)
    if table is None:
        return ()
    start, end = (datetime.combine(day, time(), zone) for day in (cell.period_start, cell.period_end))
    relation = definition.fact_relation.rpartition(".")[2]
    rows = run_query(
        con,
        "select source, stream, scope, window_index, epoch_us(requested_from), epoch_us(requested_until), "
        "epoch_us(started_at), epoch_us(closed_at), record_count "
        f"from {'.'.join(table)} where parent_key is null and list_contains($streams, stream) "
        "and (list_contains($repositories, scope) or list_contains($anywhere, stream)) "
        "and (requested_from is null or requested_from < $end) "
        "and coalesce(requested_until, closed_at) > $start order by source, stream, scope, window_index",
        streams=_STREAMS.get(relation, _DEPLOYMENTS),
        repositories=_repositories(con, cell),
        anywhere=_ANY_SCOPE,
        start=start,
        end=end,
    )
    groups: dict[tuple[str, str, str], list[TracedWindow]] = {}
    for source, stream, scope, *values in rows:
        groups.setdefault((source, stream, scope), []).append(_window(values))
    return tuple(
        Coverage(*names, is_whole=_is_whole(windows, start, end), windows=tuple(windows[-_MOST_WINDOWS:]))
        for names, windows in groups.items()
    )


def _repositories(con: duckdb.DuckDBPyConnection, cell: TracedCell) -> list[str]:
    """Repositories of the services in the scope."""
    conditions = {
        "service": "service_id = $scope_id",
        "team": "list_contains(team_path, $scope_id)",
        "organisation": "organisation = $scope_id",
    }
    rows = run_query(
        con,
        f"select distinct repository from marts.dim_services where {conditions[cell.scope_kind]} order by 1",
        scope_id=cell.scope_id,
    )
    return [row[0] for row in rows]


def _window(values: Sequence[Any]) -> TracedWindow:
    window_index, requested_from, requested_until, started_at, closed_at, record_count = values
    return TracedWindow(
        int(window_index),
        _instant(requested_from),
        _instant(requested_until),
        datetime.fromtimestamp(started_at / 1e6, UTC),
        datetime.fromtimestamp(closed_at / 1e6, UTC),
        int(record_count),
    )


def _instant(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1e6, UTC)


def _is_whole(windows: Iterable[TracedWindow], start: datetime, end: datetime) -> bool:
    """Whether the ranges of the fetches, one after the other, leave no gap in [start, end).

    A fetch without an end looked at everything up to the instant at which it began.
    """
    reached = start
    spans = sorted(
        (window.requested_from or start, window.requested_until or window.started_at) for window in windows
    )
    for first, last in spans:
        if first > reached:
            return False
        reached = max(reached, last)
    return reached >= end
