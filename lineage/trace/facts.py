"""The inverse of a metric: which facts made the cell, and what they make again.

The facts are those of the metric's relation that pass its filter, belong to the scope, and whose event
lies in the period, [start, end). The aggregate is the definition's own SQL, so a value and its trace
cannot differ.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import duckdb

from lineage.trace.cells import Formulas
from lineage.trace.document import Recomputation, TracedCell, TracedDefinition, TracedFact
from lineage.trace.queries import run_query

_IDS = ("record_ids", "context_record_ids")
_NOT_SHOWN = ("_token", "_tokens")
_QUANTILES = {"median": 50, "p75": 75, "p90": 90}


def recompute(
    con: duckdb.DuckDBPyConnection, cell: TracedCell, definition: TracedDefinition, formulas: Formulas
) -> Recomputation:
    """Form the number again from the cell's facts and compare it with the published one, exactly."""
    numerator = formulas.numerator_sql or "null"
    denominator = formulas.denominator_sql or "null"
    row = run_query(
        con,
        f"select cast({formulas.value_sql} as decimal(28, 9)), cast({numerator} as bigint), "
        f"cast({denominator} as bigint), cast({formulas.n_sql} as bigint) {_from(definition)}",
        **_values(cell),
    )[0]
    value, formed_numerator, formed_denominator, n = row
    formed: dict[str, Any] = {
        "value": value,
        "numerator": formed_numerator,
        "denominator": formed_denominator,
        "n": n,
    }
    differences = tuple(
        f"{name}: published {_text(getattr(cell, name))}, from the facts {_text(found)}"
        for name, found in formed.items()
        if getattr(cell, name) != found
    )
    return Recomputation(
        value, formed_numerator, formed_denominator, int(n), is_equal=not differences, differences=differences
    )


def find_facts(
    con: duckdb.DuckDBPyConnection, cell: TracedCell, definition: TracedDefinition, formulas: Formulas
) -> tuple[TracedFact, ...]:
    """Return the cell's facts: by measure for a quantile, else by event; the deciding ones are marked."""
    columns = _columns(con, definition.fact_relation)
    shown = [name for name in columns if name not in _IDS and not name.endswith(_NOT_SHOWN)]
    is_quantile = definition.measure_kind in _QUANTILES
    decides = _decides_sql(formulas) if definition.measure_kind == "ratio" else "false"
    selected = ", ".join(_selected(name, columns[name]) for name in shown)
    ids = ", ".join(f'"{name}"' if name in columns else "[]::bigint[]" for name in _IDS)
    order = f"{definition.measure_sql}, " if is_quantile else ""
    rows = run_query(
        con,
        f"select cast({definition.fact_key} as varchar), {definition.event_at_column}, "
        f"{definition.measure_sql}, {decides}, {ids}, {selected} {_from(definition)} "
        f"order by {order}{definition.event_at_column}, {definition.fact_key}",
        **_values(cell),
    )
    deciding = _deciding_ranks(definition, [row[2] for row in rows])
    return tuple(
        TracedFact(
            key=key,
            event_at=event_at,
            measure=measure,
            is_deciding=bool(is_deciding) or position in deciding,
            columns=dict(zip(shown, values, strict=True)),
            record_ids=tuple(record_ids or ()),
            context_record_ids=tuple(context_ids or ()),
        )
        for position, (key, event_at, measure, is_deciding, record_ids, context_ids, *values) in enumerate(
            rows
        )
    )


def _from(definition: TracedDefinition) -> str:
    return (
        f"from {definition.fact_relation} where ({definition.filter_sql}) and ({definition.scope_sql}) "
        f"and {definition.event_at_column} >= $period_start and {definition.event_at_column} < $period_end"
    )


def _values(cell: TracedCell) -> dict[str, Any]:
    return {"scope_id": cell.scope_id, "period_start": cell.period_start, "period_end": cell.period_end}


def _deciding_ranks(definition: TracedDefinition, measures: Sequence[Any]) -> set[int]:
    """Positions of the two neighbours that an interpolated quantile is formed from."""
    percent = _QUANTILES.get(definition.measure_kind)
    present = [position for position, measure in enumerate(measures) if measure is not None]
    if percent is None or not present:
        return set()
    rank, rest = divmod((len(present) - 1) * percent, 100)
    return {present[rank], present[min(rank + (1 if rest else 0), len(present) - 1)]}


def _decides_sql(formulas: Formulas) -> str:
    """Whether a fact is in a ratio's numerator: the condition of the numerator's own filter."""
    _, found, condition = (formulas.numerator_sql or "").partition("filter (where ")
    return condition.rstrip().removesuffix(")") if found else "false"


def _columns(con: duckdb.DuckDBPyConnection, relation: str) -> Mapping[str, str]:
    return {row[0]: row[1] for row in run_query(con, f"describe {relation}")}


def _selected(name: str, kind: str) -> str:
    """Instants come as text: the driver would need another package for their zones."""
    return f'cast("{name}" as varchar)' if kind.startswith("TIMESTAMP") else f'"{name}"'


def _text(value: Decimal | int | None) -> str:
    return "empty" if value is None else str(value)
