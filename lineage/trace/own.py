"""A person's own numbers: a metric over the facts that carry one of the person's accounts.

They stand in no mart and no publication. They are formed when that person, or an auditor, asks, from the
warehouse, which alone knows whose a fact is. Facts of incidents, failures and on-call carry no account: what
came of them is nobody's number (DEFINITIONS §2.6).
"""

from collections.abc import Sequence
from dataclasses import replace

import duckdb

from lineage.errors import CellNotFoundError, TraceInputError
from lineage.trace.arguments import PERSON, Period
from lineage.trace.cells import CellName, Formulas, find_definition
from lineage.trace.document import TracedCell, TracedDefinition
from lineage.trace.facts import recompute
from lineage.trace.queries import run_query


def own_metrics(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Return the metrics that may be read as a person's own."""
    rows = run_query(
        con,
        "select metric from marts.dim_metrics where person_scope_sql is not null and not is_retired "
        "order by metric",
    )
    return [metric for (metric,) in rows]


def own_cell(con: duckdb.DuckDBPyConnection, name: CellName) -> tuple[TracedCell, TracedDefinition, Formulas]:
    """Form a person's number.

    Args:
        con: the warehouse.
        name: the metric, the person's token, and the period.

    Raises:
        CellNotFoundError: there is no such metric.
        TraceInputError: the metric is never a person's.
    """
    rows = run_query(
        con,
        "select metric_version, profile, unit, minimum_n, person_scope_sql from marts.dim_metrics "
        "where metric = $metric order by profile = 'dora_2026' desc, metric_version desc limit 1",
        metric=name.metric,
    )
    if not rows:
        raise CellNotFoundError(f"there is no metric {name.metric}", available=own_metrics(con))
    version, profile, unit, minimum_n, scope_sql = rows[0]
    if scope_sql is None:
        raise TraceInputError(
            f"{name.metric} is never a person's number: its facts belong to services and teams. "
            f"A person's own are {', '.join(own_metrics(con))}"
        )
    is_partial = _is_partial(con, name.period)
    empty = TracedCell(
        metric=name.metric,
        metric_version=version,
        profile=profile,
        scope_kind=PERSON,
        scope_id=name.scope_id,
        period_grain=name.period.grain,
        period_start=name.period.start,
        period_end=name.period.end,
        value=None,
        numerator=None,
        denominator=None,
        n=None,
        interval_low=None,
        interval_high=None,
        unit=unit,
        is_partial=is_partial,
        is_maturing=False,
        flags=(),
    )
    definition, formulas = find_definition(con, empty)
    return _filled(con, empty, definition, formulas, minimum_n), definition, formulas


def _filled(
    con: duckdb.DuckDBPyConnection,
    empty: TracedCell,
    definition: TracedDefinition,
    formulas: Formulas,
    minimum_n: int,
) -> TracedCell:
    formed = recompute(con, empty, definition, formulas)
    flags = [
        *(["partial"] if empty.is_partial else []),
        *(["below_minimum_n"] if formed.n < minimum_n else []),
    ]
    return replace(
        empty,
        value=formed.value,
        numerator=formed.numerator,
        denominator=formed.denominator,
        n=formed.n,
        flags=tuple(flags),
    )


def own_fact_keys(
    con: duckdb.DuckDBPyConnection, cell: TracedCell, definition: TracedDefinition, token: str
) -> frozenset[str]:
    """Return the keys of a cell's facts that are a person's own."""
    rows = run_query(
        con,
        "select person_scope_sql from marts.dim_metrics where metric = $metric and metric_version = $version "
        "and profile = $profile",
        metric=cell.metric,
        version=cell.metric_version,
        profile=cell.profile,
    )
    scope_sql = rows[0][0] if rows else None
    if scope_sql is None:
        return frozenset()
    event = definition.event_at_column
    keys = run_query(
        con,
        f"select distinct cast({definition.fact_key} as varchar) from {definition.fact_relation} "
        f"where ({definition.filter_sql}) and ({scope_sql}) and {event} >= $start and {event} < $end",
        scope_id=token,
        start=cell.period_start,
        end=cell.period_end,
    )
    return frozenset(key for (key,) in keys)


def own_periods(con: duckdb.DuckDBPyConnection, grain: str) -> Sequence[Period]:
    """Return the periods of a grain that the warehouse covers, oldest first."""
    rows = run_query(
        con,
        "select period_start from intermediate.int_reporting_periods where period_grain = $grain order by 1",
        grain=grain,
    )
    return [Period(grain, start) for (start,) in rows]


def _is_partial(con: duckdb.DuckDBPyConnection, period: Period) -> bool:
    rows = run_query(
        con,
        "select is_partial from intermediate.int_reporting_periods where period_grain = $grain "
        "and period_start = $start",
        grain=period.grain,
        start=period.start,
    )
    if rows:
        return bool(rows[0][0])
    covered = [str(one) for one in own_periods(con, period.grain)]
    if period.grain == "day" and covered:  # a year of them helps nobody
        covered = [f"{covered[0]} to {covered[-1]}"]
    raise CellNotFoundError(f"{period} is not covered", available=covered)
