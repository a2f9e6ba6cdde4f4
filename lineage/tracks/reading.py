"""Reading SQL with the parser that will run it: DuckDB's own, so that no trick lies between two grammars.

A text is read into the relations that it names, common table expressions resolved, and the functions that it
calls. What is no SELECT, or has a shape that is not known here, becomes a finding: the wall fails closed.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import duckdb
import msgspec

from lineage.tracks.crossing import Finding

_TABLES = frozenset({"BASE_TABLE", "SUBQUERY", "JOIN", "EMPTY", "EXPRESSION_LIST", "TABLE_FUNCTION", "PIVOT"})
_EXPRESSIONS = frozenset(
    {
        *("BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT"),
        *("FUNCTION", "LAMBDA", "LAMBDA_REF", "OPERATOR", "POSITIONAL_REFERENCE", "STAR", "SUBQUERY"),
        *("TYPE", "WINDOW"),
    }
)


@dataclass(frozen=True, slots=True, order=True)
class RelationName:
    """A relation as the SQL spells it, in small letters; empty where a part is left out."""

    catalog: str
    schema: str
    name: str

    def __str__(self) -> str:
        """Spell it with dots."""
        return ".".join(part for part in (self.catalog, self.schema, self.name) if part)


@dataclass(frozen=True, slots=True, order=True)
class Call:
    """A call of a function.

    Attributes:
        name: In small letters, with its schema where one is given.
        is_table: Whether it stands where a table may stand.
        texts: Its constant arguments in their order, lists laid out.
        is_constant: Whether all of its arguments are constants.
    """

    name: str
    is_table: bool
    texts: tuple[str, ...]
    is_constant: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text of SQL reads."""

    relations: frozenset[RelationName]
    calls: frozenset[Call]
    findings: tuple[Finding, ...]


@cache
def read_sql(sql: str) -> Reading:
    """Read the relations and calls of a SELECT; remembered by the text, so that each is read once."""
    parsed = _parse(sql)
    if parsed is None:
        return _closed("unreadable", "DuckDB's parser gives no answer")
    if parsed.get("error"):
        kind = "statement" if parsed.get("error_type") == "not implemented" else "unreadable"
        return _closed(kind, f"{parsed.get('error_message')}: {_beginning(sql)}")
    statements = parsed.get("statements") or []
    if len(statements) != 1:
        return _closed("statement", f"{len(statements)} statements: {_beginning(sql)}")
    walk = _Walk()
    walk.visit(statements[0], frozenset())
    return Reading(frozenset(walk.relations), frozenset(walk.calls), tuple(sorted(walk.findings)))


def _closed(kind: Any, found: str) -> Reading:
    return Reading(frozenset(), frozenset(), (Finding(kind, found),))


def _beginning(sql: str) -> str:
    return " ".join(sql.split())[:60]


def _parse(sql: str) -> dict[str, Any] | None:
    try:
        row = _parser().cursor().execute("select json_serialize_sql(?::varchar)", [sql]).fetchone()
        parsed: dict[str, Any] = msgspec.json.decode(row[0]) if row else {}
    except (duckdb.Error, msgspec.DecodeError):
        return None
    return parsed


@cache
def _parser() -> duckdb.DuckDBPyConnection:
    """A database without files, network or anything in it, that only parses."""
    con = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    con.execute("set enable_external_access = false")
    return con


@dataclass(slots=True)
class _Walk:
    """One walk over a parse tree. A scope is the set of common table expressions in sight."""

    relations: set[RelationName] = field(default_factory=set)
    calls: set[Call] = field(default_factory=set)
    findings: set[Finding] = field(default_factory=set)

    def visit(self, value: Any, scope: frozenset[str]) -> None:
        """Go through a part of the tree."""
        if isinstance(value, list):
            for item in value:
                if isinstance(item, (dict, list)):
                    self.visit(item, scope)
        elif isinstance(value, dict):
            self._visit_object(value, scope)

    def _visit_object(self, value: dict[str, Any], scope: frozenset[str]) -> None:
        if "cte_map" in value:
            scope = self._expressions_in_sight(value, scope)
        if "class" in value:
            self._expression(value)
        elif "sample" in value and "query_location" in value:
            self._table(value, scope)
        if value.get("type") == "RECURSIVE_CTE_NODE":
            self.visit(value["left"], scope)
            self.visit(value["right"], scope | {str(value["cte_name"]).lower()})
            return
        if value.get("type") == "TABLE_FUNCTION":
            self.visit(value["function"].get("children"), scope)
            return
        for key, item in value.items():
            if key != "cte_map" and isinstance(item, (dict, list)):
                self.visit(item, scope)

    def _expressions_in_sight(self, value: dict[str, Any], scope: frozenset[str]) -> frozenset[str]:
        """Each sees those before it; its own name means whatever it meant outside, unless it recurs."""
        for entry in value["cte_map"]["map"]:
            self.visit(entry["value"], scope)
            scope |= {str(entry["key"]).lower()}
        return scope

    def _expression(self, value: dict[str, Any]) -> None:
        kind = value["class"]
        if kind not in _EXPRESSIONS:
            self.findings.add(Finding("unreadable", f"an expression of the kind {kind}"))
        if value.get("function_name"):
            self.calls.add(_call(value, is_table=False))

    def _table(self, value: dict[str, Any], scope: frozenset[str]) -> None:
        kind = value["type"]
        if kind not in _TABLES:
            self.findings.add(Finding("unreadable", f"a table reference of the kind {kind}"))
        if kind == "TABLE_FUNCTION":
            self.calls.add(_call(value["function"], is_table=True))
        if kind == "BASE_TABLE":
            relation = RelationName(
                *(str(value[part]).lower() for part in ("catalog_name", "schema_name", "table_name"))
            )
            if relation.catalog or relation.schema or relation.name not in scope:
                self.relations.add(relation)


def _call(value: dict[str, Any], *, is_table: bool) -> Call:
    spelled = [str(value.get(part) or "").lower() for part in ("catalog", "schema", "function_name")]
    name = ".".join(part for part in spelled if part and part != "main")
    arguments = list(_constants(value.get("children") or []))
    texts = tuple(text for text in arguments if text is not None)
    return Call(name, is_table, texts, is_constant=len(texts) == len(arguments))


def _constants(children: list[Any]) -> Iterator[str | None]:
    """Spell constants, lists laid out; None for whatever is computed."""
    for child in children:
        if child.get("class") == "CONSTANT":
            yield str((child.get("value") or {}).get("value"))
        elif child.get("function_name") == "list_value":
            yield from _constants(child.get("children") or [])
        else:
            yield None
