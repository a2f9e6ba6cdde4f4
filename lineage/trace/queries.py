"""Running queries with values in them.

Values are written into the text as literals instead of being bound: with the first bound value the driver
imports pandas, which alone takes half of the second that a trace may take.
"""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import duckdb

from lineage.errors import TraceInputError


def run_query(con: duckdb.DuckDBPyConnection, query: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a query whose `$names` stand for values: texts, whole numbers, days, instants, lists of texts.

    Raises:
        TraceInputError: the database lacks what the query reads.
    """
    try:
        return con.execute(written(query, values)).fetchall()
    except duckdb.Error as error:
        raise TraceInputError(f"this database cannot answer: {error}") from error


def written(query: str, values: Mapping[str, Any]) -> str:
    """Write values into a query in place of their `$names`."""
    if not values:
        return query
    names = "|".join(sorted(map(re.escape, values), key=len, reverse=True))
    return re.sub(rf"\$({names})\b", lambda found: literal(values[found[1]]), query)


def literal(value: Any) -> str:
    """Spell a value as a DuckDB literal.

    Raises:
        TraceInputError: a value of another type, or text that a query cannot hold.
    """
    if isinstance(value, str):
        if "\x00" in value:
            raise TraceInputError("a name holds the character NUL")
        return "'" + value.replace("'", "''") + "'"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, datetime):
        return f"timestamptz '{value.isoformat()}'"
    if isinstance(value, date):
        return f"date '{value.isoformat()}'"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(literal(item) for item in value)}]::varchar[]"
    raise TraceInputError(f"a {type(value).__name__} cannot stand in a query")
