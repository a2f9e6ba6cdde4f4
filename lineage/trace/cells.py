"""Finding the published cell that a trace starts from, and the definition that made it."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb

from lineage.errors import CellNotFoundError, TraceInputError
from lineage.trace.arguments import Period
from lineage.trace.document import TracedCell, TracedDefinition
from lineage.trace.queries import run_query

_CELL_COLUMNS = (
    "metric, metric_version, profile, scope_kind, scope_id, period_grain, period_start, period_end, value, "
    "numerator, denominator, n, interval_low, interval_high, unit, is_partial, is_maturing, flags"
)
_DEFINITION_COLUMNS = (
    "title, sentence, description, tier, owner, fact_relation, fact_key, filter_sql, {scope}_scope_sql, "
    "event_at_column, measure_kind, measure_sql, value_sql"
)


@dataclass(frozen=True, slots=True)
class CellName:
    """What was asked for."""

    metric: str
    scope_kind: str
    scope_id: str
    period: Period


@dataclass(frozen=True, slots=True)
class Formulas:
    """The aggregates of a metric, as SQL over its facts."""

    value_sql: str
    n_sql: str
    numerator_sql: str | None
    denominator_sql: str | None


def find_cell(con: duckdb.DuckDBPyConnection, name: CellName) -> TracedCell:
    """Return the cell.

    Raises:
        CellNotFoundError: metric, scope or period does not exist; the nearest names are given.
        TraceInputError: the database has no metric values.
    """
    if not has_table(con, "marts", "mart_metric_values"):
        raise TraceInputError("this database has no published values; trace a publication's analyst.duckdb")
    row = run_query(
        con,
        f"select {_CELL_COLUMNS} from marts.mart_metric_values where metric = $metric "
        "and scope_kind = $scope_kind and scope_id = $scope_id and period_grain = $grain "
        "and period_start = $start order by profile = 'dora_2026' desc, profile, metric_version desc limit 1",
        metric=name.metric,
        scope_kind=name.scope_kind,
        scope_id=name.scope_id,
        grain=name.period.grain,
        start=name.period.start,
    )
    if not row:
        raise _not_found(con, name)
    *values, flags = row[0]
    return TracedCell(*[*values, tuple(flags or ())])


def find_definition(con: duckdb.DuckDBPyConnection, cell: TracedCell) -> tuple[TracedDefinition, Formulas]:
    """Return the cell's definition and its aggregates."""
    columns = _DEFINITION_COLUMNS.format(scope=cell.scope_kind)
    rows = run_query(
        con,
        f"select {columns}, value_sql, n_sql, numerator_sql, denominator_sql from marts.dim_metrics "
        "where metric = $metric and metric_version = $version and profile = $profile",
        metric=cell.metric,
        version=cell.metric_version,
        profile=cell.profile,
    )
    if not rows:
        raise TraceInputError(
            f"{cell.metric} version {cell.metric_version} ({cell.profile}) has values and no definition"
        )
    *words, value_sql, n_sql, numerator_sql, denominator_sql = rows[0]
    definition = TracedDefinition(*[*words, definition_hash(con, cell.metric)])
    return definition, Formulas(value_sql, n_sql, numerator_sql, denominator_sql)


def read_publication(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    """Return what a published database says of itself; nothing for a warehouse."""
    if not has_table(con, "publication", "about"):
        return {}
    return dict(run_query(con, "select name, value from publication.about order by name"))


def has_table(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> bool:
    """Whether there is such a table or view."""
    found = run_query(
        con,
        "select 1 from duckdb_columns() where schema_name = $schema and table_name = $table limit 1",
        schema=schema,
        table=table,
    )
    return bool(found)


def definition_hash(con: duckdb.DuckDBPyConnection, metric: str) -> str | None:
    """Return the hash of a metric's definition, as a published database has it; None for a warehouse."""
    if not has_table(con, "publication", "metrics"):
        return None
    rows = run_query(
        con, "select definition_hash from publication.metrics where metric = $metric", metric=metric
    )
    return rows[0][0] if rows else None


def _not_found(con: duckdb.DuckDBPyConnection, name: CellName) -> CellNotFoundError:
    """Say which part of the name is wrong, and what is near."""
    metrics = names_of(con, "select distinct metric from marts.mart_metric_values")
    if name.metric not in metrics:
        if name.metric in _kept_back(con):
            return CellNotFoundError(
                f"the gate keeps {name.metric} back: it is not published, and `manifest.json` says why"
            )
        near = difflib.get_close_matches(name.metric, metrics, n=3, cutoff=0.5)
        return CellNotFoundError(f"there is no metric {name.metric}", suggestions=near, available=metrics)
    scopes = names_of(
        con,
        "select distinct scope_kind || ':' || scope_id from marts.mart_metric_values where metric = $metric",
        metric=name.metric,
    )
    scope = f"{name.scope_kind}:{name.scope_id}"
    if scope not in scopes:
        ids = [one.partition(":")[2] for one in scopes]
        near = difflib.get_close_matches(name.scope_id, ids, n=3, cutoff=0.5)
        return CellNotFoundError(
            f"{name.metric} has no value for {scope}",
            suggestions=[one for one in scopes if one.partition(":")[2] in near],
            available=scopes,
        )
    starts = run_query(
        con,
        "select distinct period_start from marts.mart_metric_values where metric = $metric "
        "and scope_kind = $scope_kind and scope_id = $scope_id and period_grain = $grain order by 1",
        metric=name.metric,
        scope_kind=name.scope_kind,
        scope_id=name.scope_id,
        grain=name.period.grain,
    )
    return _no_period(name, scope, [start for (start,) in starts])


def _no_period(name: CellName, scope: str, starts: Sequence[date]) -> CellNotFoundError:
    what = f"{name.metric} has no value for {scope} in {name.period}"
    if not starts:
        return CellNotFoundError(f"{what}: no {name.period.grain}s are covered")
    nearest = min(starts, key=lambda start: abs((start - name.period.start).days))
    first, last = (str(Period(name.period.grain, start)) for start in (starts[0], starts[-1]))
    return CellNotFoundError(
        f"{what}: {name.period.grain}s go from {first} to {last}",
        suggestions=[str(Period(name.period.grain, nearest))],
        available=[str(Period(name.period.grain, start)) for start in starts],
    )


def _kept_back(con: duckdb.DuckDBPyConnection) -> list[str]:
    if not has_table(con, "publication", "metrics"):
        return []
    return names_of(con, "select metric from publication.metrics where not is_published")


def names_of(con: duckdb.DuckDBPyConnection, query: str, **values: str) -> list[str]:
    """Return the names that a query of one column finds, sorted."""
    return sorted(row[0] for row in run_query(con, query, **values))
