"""Whose clocks and which arithmetic a metric's numbers hang on: what is declared, and what the data shows.

Every column of a fact that tells a time, or a duration between times, declares in its `config.meta` whose
clock it is:

    clock: server                     a server observed it
    clock: author                     whoever wrote the record could choose it
    clock: author where <column>      only in rows where the flag `column` holds
    clock: people                     somebody typed it in, such as the beginning of an incident
    clock: none                       it is no time

What pays may read a server's only. A metric that reads `author where <column>` may, if its filter keeps out
the rows with that flag, and no such row has come through. What nobody has declared is not a server's.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp

from governance.circumstances import ClockReading
from publishing.tables import quoted

SERVER, NO_TIME = "server", "none"
_WHERE = re.compile(r"author where (\w+)")
_QUANTILES = ("median", "p75", "p90")
_FORMULAS = ("measure_sql", "value_sql", "numerator_sql", "denominator_sql", "filter_sql")
_INEXACT_TYPES = ("FLOAT", "DOUBLE", "REAL")
# their results change with threads or runs (DEFINITIONS §7), or with the day
_INEXACT_FUNCTIONS = re.compile(
    r"\b(any_value|arbitrary|first|last|f?avg|mean|fsum|kahan_sum|sumkahan|product|stddev\w*|var_\w+|variance|"
    r"covar_\w+|corr|regr_\w+|entropy|kurtosis|skewness|mad|mode|approx_\w+|arg_?m(?:in|ax)\w*|m(?:in|ax)_by|"
    r"string_agg|array_agg|group_concat|listagg|histogram|reservoir_quantile|random|now|current_date|"
    r"current_timestamp)\b\s*\(",
    re.IGNORECASE,
)


def read_clocks(
    con: duckdb.DuckDBPyConnection,
    catalog: str,
    definition: Mapping[str, Any],
    declared: Mapping[str, str] | None,
) -> ClockReading | None:
    """Return whose clocks a metric reads; None where nobody has declared any.

    Args:
        con: Where the warehouse is attached.
        catalog: Its name there.
        definition: The metric's row of `dim_metrics`.
        declared: Clocks by `schema.table.column`.
    """
    relation = definition.get("fact_relation")
    if declared is None or not relation:
        return None
    clocks = {
        column: declared.get(f"{relation}.{column}") for column in sorted(_columns(definition, _FORMULAS))
    }
    must_tell = {str(definition["event_at_column"])}
    if definition["measure_kind"] in _QUANTILES:
        must_tell |= _columns(definition, ("measure_sql",))
    kept_out = _kept_out(str(definition["filter_sql"]))
    clocks |= {column: declared.get(f"{relation}.{column}") for column in must_tell}
    conditions = {
        column: found[1] for column, clock in clocks.items() if (found := _WHERE.fullmatch(clock or ""))
    }
    return ClockReading(
        undeclared=tuple(f"{relation}.{column}" for column in sorted(must_tell) if clocks[column] is None),
        author_settable=tuple(
            f"{relation}.{column}"
            for column, clock in sorted(clocks.items())
            if clock not in {None, SERVER, NO_TIME} and conditions.get(column) not in kept_out
        ),
        author_settable_facts=_facts_where(con, catalog, definition, set(conditions.values())),
        inexact=_inexact(con, catalog, definition),
    )


def _columns(definition: Mapping[str, Any], formulas: Iterable[str]) -> set[str]:
    return {
        column.name
        for formula in formulas
        if definition.get(formula)
        for column in sqlglot.parse_one(str(definition[formula]), dialect="duckdb").find_all(exp.Column)
    }


def _kept_out(filter_sql: str) -> set[str | None]:
    """Return the flags whose rows a filter keeps out: those that stand as `not flag` among its conditions."""
    parsed = sqlglot.parse_one(filter_sql, dialect="duckdb").unnest()
    conditions = [each.unnest() for each in parsed.flatten()] if isinstance(parsed, exp.And) else [parsed]
    return {
        each.this.unnest().name
        for each in conditions
        if isinstance(each, exp.Not) and isinstance(each.this.unnest(), exp.Column)
    }


def _facts_where(
    con: duckdb.DuckDBPyConnection, catalog: str, definition: Mapping[str, Any], flags: set[str]
) -> int:
    """Count the facts behind a metric of which a flag is not surely false."""
    if not flags:
        return 0
    flagged = " or ".join(f"{quoted(flag)} is distinct from false" for flag in sorted(flags))
    row = con.execute(
        f"select count(*) from {catalog}.{definition['fact_relation']} "
        f"where ({definition['filter_sql']}) and ({flagged})"
    ).fetchone()
    return int(row[0]) if row else 0


def _inexact(con: duckdb.DuckDBPyConnection, catalog: str, definition: Mapping[str, Any]) -> tuple[str, ...]:
    schema, table = str(definition["fact_relation"]).split(".")
    types: dict[str, str] = dict(
        con.execute(
            "select column_name, data_type from duckdb_columns() "
            "where database_name = $1 and schema_name = $2 and table_name = $3",
            [catalog, schema, table],
        ).fetchall()
    )
    floats = [name for name in _columns(definition, _FORMULAS) if types.get(name) in _INEXACT_TYPES]
    text = " ".join(str(definition[formula]) for formula in _FORMULAS if definition.get(formula))
    functions = {found.lower() + "()" for found in _INEXACT_FUNCTIONS.findall(text)}
    return (*sorted(f"{schema}.{table}.{name} is floating-point" for name in floats), *sorted(functions))
