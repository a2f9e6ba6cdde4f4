"""Windows of completeness: who looked at a period, of every stream that an event could have been in.

They are context of every number, and the evidence where nothing was found: a zero is only a zero if somebody
looked. Which streams a fact is made of comes from the lineage of the models; a place of the cell is a
repository
of its services, or a place that is no service's repository and may hold what concerns all: projects, boards.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from lineage.trace.cells import has_table
from lineage.trace.document import Coverage, TracedCell, TracedDefinition, TracedGap, TracedWindow
from lineage.trace.queries import run_query

_WINDOWS = (("evidence", "fetch_windows"), ("raw", "fetch_windows"))
_STREAMS = (("evidence", "fact_streams"), ("intermediate", "int_metric_streams"))
_READS = {  # facts of other relations, by the fact that is made of the same streams
    "intermediate.int_issue_work_in_progress": "marts.fct_issues",
    "intermediate.int_on_call_pages": "marts.fct_incident_response",
    "intermediate.int_sli_slices": "marts.fct_slo_windows",
}
_HOST = "^(gh|github|bb|bitbucket)/"  # CircleCI names a repository with its host before it
_MOST_WINDOWS = 20


def find_coverage(
    con: duckdb.DuckDBPyConnection, cell: TracedCell, definition: TracedDefinition, *, zone: ZoneInfo
) -> tuple[Coverage, ...]:
    """Return, by stream and place, the fetches that looked at the cell's period in its time zone."""
    windows = next((pair for pair in _WINDOWS if has_table(con, *pair)), None)
    streams = next((pair for pair in _STREAMS if has_table(con, *pair)), None)
    if windows is None or streams is None:
        return ()
    start, end = (datetime.combine(day, time(), zone) for day in (cell.period_start, cell.period_end))
    relation = definition.fact_relation
    rows = run_query(
        con,
        f"""
        with places as (select distinct lower(repository) as repository from marts.dim_services),
        wanted as (
            select distinct lower(repository) as repository from marts.dim_services
            where {_of_scope(cell)} and repository is not null
        ),
        looked as (
            select *, lower(regexp_replace(scope, '{_HOST}', '')) as place from {".".join(windows)}
            where parent_key is null or requested_until is not null
        )
        select source, stream, scope, window_index, epoch_us(requested_from), epoch_us(requested_until),
            epoch_us(started_at), epoch_us(closed_at), record_count
        from looked
        where stream in (select stream from {".".join(streams)} where fact_relation = $relation)
            and ({_is_of_kind(streams, windows, con)})
            and (place in (select repository from wanted) or place not in (
                select repository from places where repository is not null))
            and (requested_from is null or requested_from < $end)
            and coalesce(requested_until, closed_at) > $start
        order by source, stream, scope, window_index
        """,
        relation=_READS.get(relation, relation),
        start=start,
        end=end,
        **({} if cell.scope_kind == "person" else {"scope_id": cell.scope_id}),
    )
    groups: dict[tuple[str, str, str], list[TracedWindow]] = {}
    for source, stream, scope, *values in rows:
        groups.setdefault((source, stream, scope), []).append(_window(values))
    return tuple(_coverage(names, found, start, end) for names, found in groups.items())


def _of_scope(cell: TracedCell) -> str:
    """Which services' repositories the cell's events could be in; a person's, in any."""
    return {
        "service": "service_id = $scope_id",
        "team": "list_contains(team_path, $scope_id)",
        "organisation": "organisation = $scope_id",
    }.get(cell.scope_kind, "true")


def _is_of_kind(streams: tuple[str, str], windows: tuple[str, str], con: duckdb.DuckDBPyConnection) -> str:
    """A stream of the same name of another kind of source is another stream; old databases know no kinds."""
    rows = run_query(
        con,
        "select 1 from duckdb_columns() where schema_name = $schema and table_name = $table "
        "and column_name = 'kind'",
        schema=windows[0],
        table=windows[1],
    )
    if not rows:
        return "true"
    return (
        f"(kind, stream) in (select (kind, stream) from {'.'.join(streams)} where fact_relation = $relation)"
    )


def _coverage(
    names: tuple[str, str, str], windows: Sequence[TracedWindow], start: datetime, end: datetime
) -> Coverage:
    gaps = _gaps(windows, start, end)
    return Coverage(
        *names,
        is_whole=not gaps,
        windows=tuple(windows[-_MOST_WINDOWS:]),
        gaps=gaps,
        window_count=len(windows),
    )


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


def _gaps(windows: Iterable[TracedWindow], start: datetime, end: datetime) -> tuple[TracedGap, ...]:
    """Spans of [start, end) that the ranges of the fetches, one after the other, leave open.

    A fetch without an end looked at everything up to the instant at which it began.
    """
    reached, gaps = start, []
    spans = sorted(
        (window.requested_from or start, window.requested_until or window.started_at) for window in windows
    )
    for first, last in spans:
        if first > reached:
            gaps.append(TracedGap(reached.astimezone(UTC), min(first, end).astimezone(UTC)))
        reached = max(reached, last)
    if reached < end:
        gaps.append(TracedGap(reached.astimezone(UTC), end.astimezone(UTC)))
    return tuple(gap for gap in gaps if gap.gap_from < gap.gap_until)
