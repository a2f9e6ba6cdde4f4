"""Rules and evidence among the tables of schema `config`: what defines a number, and what it is counted over.

A rule says how to count (which severity is an incident, which hours are worked): it is part of the
definition. Evidence says what there is (who owns a service, which repositories exist): it changes numbers
as any record does, and is found in a trace. docs/definitions.md gives the reasons.
"""

from collections import Counter
from typing import Any

import duckdb

from lineage.errors import DefinitionError

EVIDENCE = frozenset(
    {
        *("service_owners", "teams", "team_names", "repositories", "team_calendars", "work_item_scopes"),
        *("context_windows", "stream_gaps", "incident_dispositions", "corrections"),
    }
)
"""What there is and who it belongs to, and what people decided about single facts."""

COLUMNS = {
    "reporting": ("organisation", "time_zone"),  # how far the evidence reaches changes every day
}
"""The columns of a table that are rules, where the others are evidence."""

_SERVICE_RULES = (
    "deployments_from",
    "environment_pattern",
    "task_pattern",
    "workflow_pattern",
    "tag_pattern",
)
_WORDS = ("title", "definition_file")


def built_rules(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return the rows of every table of rules as the build had them, by relation, in a fixed order.

    A table that is not known to be evidence counts as rules: a new one changes definitions until somebody has
    decided what it is.

    Raises:
        DefinitionError: the warehouse has no schema `config`.
    """
    found = con.execute(
        "select table_name from duckdb_tables() where schema_name = 'config' order by table_name"
    ).fetchall()
    if not found:
        raise DefinitionError("the warehouse holds no rules; build it first with: assay run")
    rules: dict[str, Any] = {}
    for (name,) in found:
        if name in EVIDENCE:
            continue
        rows = _rows(con, name)
        rules[f"config.{name}"] = _services(rows) if name == "services" else rows
    return rules


def _rows(con: duckdb.DuckDBPyConnection, table: str) -> list[dict[str, Any]]:
    columns = COLUMNS.get(table)
    listed = ", ".join(f'"{column}"' for column in columns) if columns else "*"
    result = con.execute(f'select {listed} from config."{table}"')
    names = [column[0] for column in result.description or ()]
    rows = [
        {name: value for name, value in zip(names, row, strict=True) if name not in _WORDS}
        for row in result.fetchall()
    ]
    return sorted(rows, key=lambda row: repr(sorted(row.items())))


def _services(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return how deployments are recognised: the usual way, and each service that departs from it.

    Which services there are, and of which paths, is evidence: a new one that follows the usual rules lapses
    nobody's signature.
    """
    ways = {str(row["service_id"]): {name: row[name] for name in _SERVICE_RULES} for row in rows}
    counted = Counter(repr(way) for way in ways.values())
    usual = max(counted, key=lambda way: (counted[way], way), default="")
    return {
        "usual": next((way for way in ways.values() if repr(way) == usual), {}),
        "departing": {name: way for name, way in sorted(ways.items()) if repr(way) != usual},
    }
