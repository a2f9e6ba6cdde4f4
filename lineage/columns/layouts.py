"""Layouts: which fields a nested value has, read from a type or from the structure given to `from_json`.

A layout is a mapping of fields, a list of one layout, or None for anything flat or unknown. It is needed
only where SQL names no field: `unnest(struct)`, `struct.*`.
"""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

Layout: TypeAlias = "Mapping[str, Layout] | list[Layout] | None"


def layout_of_type(text: str) -> Layout:
    """Return the layout of a DuckDB type, such as `STRUCT(a INTEGER, b VARCHAR[])[]`."""
    return _of_type(text) if "STRUCT" in text.upper() or text.endswith("]") else None


@lru_cache(maxsize=4096)
def _of_type(text: str) -> Layout:
    try:
        return _of(exp.DataType.build(text, dialect="duckdb"))
    except (SqlglotError, ValueError):
        return None


def layout_of_data_type(kind: exp.Expr | None) -> Layout:
    """Return the layout of a type that stands in a query."""
    return _of(kind) if isinstance(kind, exp.DataType) else None


def _of(kind: exp.DataType) -> Layout:
    if kind.is_type(exp.DType.STRUCT):
        return {part.name: layout_of_data_type(part.args.get("kind")) for part in kind.expressions}
    if kind.is_type(exp.DType.ARRAY, exp.DType.LIST) and kind.expressions:
        return [layout_of_data_type(kind.expressions[0])]
    return None


def layout_of_structure(text: str) -> Layout:
    """Return the layout that a structure of `from_json` describes; a type is spelled as text in it."""
    try:
        return _of_structure(json.loads(text))
    except ValueError:
        return None


def _of_structure(part: Any) -> Layout:
    if isinstance(part, dict):
        return {str(name): _of_structure(inner) for name, inner in part.items()}
    if isinstance(part, list):
        return [_of_structure(part[0])] if part else [None]
    return layout_of_type(str(part))


def element_of(layout: Layout) -> Layout:
    """Return the layout of a list's elements."""
    return layout[0] if isinstance(layout, list) else None


def field_of(layout: Layout, name: str) -> Layout:
    """Return the layout of a field; names differ in case only."""
    if not isinstance(layout, Mapping):
        return None
    return next((inner for key, inner in layout.items() if key.lower() == name.lower()), None)


def parse(sql: str) -> exp.Expr:
    """Parse one DuckDB statement."""
    return sqlglot.parse_one(sql, read="duckdb")
