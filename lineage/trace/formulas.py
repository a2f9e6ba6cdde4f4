"""Cells of wide marts: the published number of a row, and the cell that it stands for."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

from lineage.errors import CellNotFoundError, TraceInputError
from lineage.trace.arguments import Period
from lineage.trace.cells import CellName, Formulas, find_cell, names_of
from lineage.trace.document import TracedCell, TracedDefinition
from lineage.trace.mart_columns import FactFormula, NotTraced, OfFact, OfMetric, TracedRoute, route_of
from lineage.trace.queries import literal, run_query

_MARTS = "marts."
_NINE = Decimal(1).scaleb(-9)
_COUNTS = ("count", "count_distinct")


@dataclass(frozen=True, slots=True)
class MartColumn:
    """A column of a published mart, as `marts.mart_dora_monthly.change_lead_time` names it."""

    mart: str
    column: str

    def __str__(self) -> str:
        return f"{_MARTS}{self.mart}.{self.column}"


def parse_address(text: str) -> MartColumn | None:
    """Read `marts.MART.COLUMN` or `MART.COLUMN`; None for the plain name of a metric."""
    mart, dot, column = text.strip().removeprefix(_MARTS).partition(".")
    return MartColumn(mart, column) if dot and mart and column else None


def route_for(con: duckdb.DuckDBPyConnection, address: MartColumn) -> TracedRoute:
    """Return how a column is traced.

    Raises:
        CellNotFoundError: there is no such mart or column; the nearest names are given.
        TraceInputError: it is not traced, and why.
    """
    columns = names_of(
        con,
        "select column_name from duckdb_columns() where schema_name = 'marts' and table_name = $mart",
        mart=address.mart,
    )
    if not columns:
        marts = names_of(con, "select distinct table_name from duckdb_columns() where schema_name = 'marts'")
        near = difflib.get_close_matches(address.mart, marts, n=3)
        raise CellNotFoundError(f"there is no mart {address.mart}", suggestions=near, available=marts)
    if address.column not in columns:
        near = difflib.get_close_matches(address.column, columns, n=3)
        raise CellNotFoundError(
            f"{address.mart} has no column {address.column}", suggestions=near, available=columns
        )
    metrics = names_of(con, "select distinct metric from marts.dim_metrics")
    route = route_of(address.mart, address.column, metrics)
    if route is None:
        raise TraceInputError(f"{address} is no number that a trace starts from: a name, a date or a flag")
    if isinstance(route, NotTraced):
        raise TraceInputError(f"{address} is not traced: {route.reason}")
    return route


def mart_row(
    con: duckdb.DuckDBPyConnection, mart: str, columns: Sequence[str], name: CellName
) -> tuple[Any, ...]:
    """Return columns of a wide mart's row for a scope and period; columns that it lacks are empty.

    Raises:
        CellNotFoundError: there is no such row.
        TraceInputError: it is withheld.
    """
    known = names_of(
        con,
        "select column_name from duckdb_columns() where schema_name = 'marts' and table_name = $mart",
        mart=mart,
    )
    where = "scope_kind = $kind and scope_id = $scope and period_start = $start"
    values: dict[str, Any] = {"kind": name.scope_kind, "scope": name.scope_id, "start": name.period.start}
    if "period_grain" in known:
        where, values = f"{where} and period_grain = $grain", values | {"grain": name.period.grain}
    if "dora_2026_metric" in known:
        where, values = f"{where} and dora_2026_metric = $metric", values | {"metric": name.metric}
    read = [one if one in known else "null" for one in ("withheld_reason", *columns)]
    rows = run_query(
        con,
        f"select {', '.join(read)} from marts.{mart} where {where} "
        f"and period_end = {literal(name.period.end)} limit 1",
        **values,
    )
    if not rows:
        raise CellNotFoundError(
            f"{mart} has no row for {name.scope_kind}:{name.scope_id} in {name.period}: there, nothing "
            f"happened that "
            "it counts, or it has another grain"
        )
    reason, *found = rows[0]
    if reason is not None:
        raise TraceInputError(
            f"{mart} for {name.scope_kind}:{name.scope_id} in {name.period} is withheld: {reason}"
        )
    return tuple(found)


def wide_cell(
    con: duckdb.DuckDBPyConnection, address: MartColumn, part: OfMetric, name: CellName
) -> tuple[TracedCell, str | None]:
    """Return the metric's cell that a wide mart's column repeats, and how the two differ, if they do.

    A day on which nothing happened has a row in the wide mart alone: its cell is made of that row.
    """
    if address.mart == "mart_metric_values":
        return find_cell(con, name), None
    (published,) = mart_row(con, address.mart, (address.column,), name)
    cell = cell_beside(con, address, name)
    held = getattr(cell, part.part)
    if published == held:
        return cell, None
    return cell, f"{address}: {published}, beside the metric's own {part.part} {held}"


def cell_beside(con: duckdb.DuckDBPyConnection, address: MartColumn, name: CellName) -> TracedCell:
    """Return the metric's cell beside a wide mart's row, made of that row where nothing happened on a day."""
    try:
        return find_cell(con, name)
    except CellNotFoundError:
        return _cell_of_nothing(con, address, name)


def _cell_of_nothing(con: duckdb.DuckDBPyConnection, address: MartColumn, name: CellName) -> TracedCell:
    rows = run_query(
        con,
        "select metric_version, profile, unit, measure_kind from marts.dim_metrics where metric = $metric",
        metric=name.metric,
    )
    if not rows:
        raise TraceInputError(f"{name.metric} has no definition")
    version, profile, unit, kind = rows[0]
    is_count, is_ratio = kind in _COUNTS, kind == "ratio"
    bounds = (f"{name.metric}_interval_low", f"{name.metric}_interval_high")
    is_partial, low, high = mart_row(con, address.mart, ("is_partial", *bounds), name)
    return TracedCell(
        metric=name.metric,
        metric_version=version,
        profile=profile,
        scope_kind=name.scope_kind,
        scope_id=name.scope_id,
        period_grain=name.period.grain,
        period_start=name.period.start,
        period_end=name.period.end,
        value=Decimal(0) if is_count else None,
        numerator=0 if is_count or is_ratio else None,
        denominator=0 if is_ratio else None,
        n=0,
        interval_low=low,
        interval_high=high,
        unit=unit,
        is_partial=is_partial,
        is_maturing=False,
        flags=("partial",) if is_partial else (),
    )


def formula_cell(
    con: duckdb.DuckDBPyConnection,
    address: MartColumn,
    formula: FactFormula,
    name: CellName,
    *,
    time_zone: str,
) -> tuple[TracedCell, TracedDefinition, Formulas]:
    """Return the cell of a column that is a formula over facts of its own."""
    published, is_partial = mart_row(con, address.mart, (address.column, "is_partial"), name)
    cell = TracedCell(
        metric=address.column,
        metric_version=1,
        profile="dora_2026",
        scope_kind=name.scope_kind,
        scope_id=name.scope_id,
        period_grain=name.period.grain,
        period_start=name.period.start,
        period_end=name.period.end,
        value=None if published is None else Decimal(published).quantize(_NINE),
        numerator=None,
        denominator=None,
        n=None,
        interval_low=None,
        interval_high=None,
        unit=formula.unit,
        is_partial=is_partial,
        is_maturing=False,
        flags=("partial",) if is_partial else (),
    )
    return cell, _definition(formula, name, time_zone), Formulas(formula.value_sql, "count(*)", None, None)


def _definition(formula: FactFormula, name: CellName, time_zone: str) -> TracedDefinition:
    return TracedDefinition(
        title=formula.title,
        sentence=formula.sentence,
        description=formula.sentence,
        tier="operational",
        owner="delivery-metrics",
        fact_relation=formula.relation,
        fact_key=formula.key,
        filter_sql=formula.filter_sql,
        scope_sql=formula.scopes[name.scope_kind],
        event_at_column=formula.event_column.replace("$time_zone", literal(time_zone)),
        measure_kind=formula.measure_kind,
        measure_sql=formula.measure_sql,
        value_sql=formula.value_sql,
        definition_hash=None,
    )


def fact_cell(
    con: duckdb.DuckDBPyConnection, address: MartColumn, route: OfFact, key: str | None
) -> tuple[TracedCell, TracedDefinition, Formulas]:
    """Return the cell of one fact's own number.

    Raises:
        CellNotFoundError: there is no such fact.
        TraceInputError: no key was given, or the column is no number.
    """
    if key is None:
        raise TraceInputError(f"{address} has a number for each fact; name one with --key, a {route.key}")
    relation = f"marts.{address.mart}"
    days = names_of(
        con,
        "select column_name from duckdb_columns() where schema_name = 'marts' and table_name = $mart "
        "and data_type = 'DATE'",
        mart=address.mart,
    )
    day = next((one for one in days if one.endswith("_date")), None)
    shown = day or "cast(null as date)"
    rows = run_query(
        con,
        f'select try_cast("{address.column}" as decimal(38, 9)), {shown} from {relation} '
        f"where {route.key} = $key",
        key=key,
    )
    if not rows:
        raise CellNotFoundError(f"{relation} has no {route.key} {key}")
    value, happened = rows[0]
    on = happened or date.min
    title = address.column.replace("_", " ").capitalize()
    definition = TracedDefinition(
        title=title,
        sentence=f"{title} of one row of {relation}.",
        description="A column of the fact itself; docs/analysts.md says what it means.",
        tier="operational",
        owner="delivery-metrics",
        fact_relation=relation,
        fact_key=route.key,
        filter_sql="true",
        scope_sql=f"{route.key} = $scope_id",
        event_at_column=f"coalesce({day}, date '0001-01-01')" if day else "date '0001-01-01'",
        measure_kind="fact",
        measure_sql=f'"{address.column}"',
        value_sql=f'max(cast("{address.column}" as decimal(38, 9)))',
        definition_hash=None,
    )
    cell = TracedCell(
        metric=address.column,
        metric_version=1,
        profile="dora_2026",
        scope_kind="fact",
        scope_id=key,
        period_grain="day",
        period_start=on,
        period_end=Period("day", on).end,
        value=value,
        numerator=None,
        denominator=None,
        n=1,
        interval_low=None,
        interval_high=None,
        unit=_unit_of(address.column),
        is_partial=False,
        is_maturing=False,
        flags=(),
    )
    return cell, definition, Formulas(definition.value_sql, "count(*)", None, None)


def _unit_of(column: str) -> str:
    ending = column.rpartition("_")[2]
    return {"seconds": "seconds", "ratio": "ratio", "points": "basis points"}.get(ending, "")


def with_count(cell: TracedCell, count: int) -> TracedCell:
    """Return a cell of a mart that publishes no n with the number of its facts in its place."""
    return replace(cell, n=count)


def metric_of(
    con: duckdb.DuckDBPyConnection, address: MartColumn, metric: str, name: CellName, asked: str | None
) -> str:
    """Return the metric that a route names; `$column` stands for the row's own, and `asked` chooses.

    Raises:
        CellNotFoundError: the mart has rows of several metrics, and none was chosen.
    """
    if not metric.startswith("$"):
        return metric
    found = names_of(
        con,
        f"select distinct {metric[1:]} from marts.{address.mart} "
        "where scope_kind = $kind and scope_id = $scope",
        kind=name.scope_kind,
        scope=name.scope_id,
    )
    if asked in found:
        return str(asked)
    raise CellNotFoundError(f"{address} has rows of several metrics; name one with --metric", available=found)
