"""Column lineage of single queries, against edges that were written by hand."""

import re

import pytest

from lineage.columns import ColumnEdge, ColumnLineage, Kind, RelationSchema, read_lineage
from tests.lineage.columns.shapes import SHAPES, TABLES, Shape

KINDS = {
    "": Kind.IDENTITY,
    "~": Kind.TRANSFORMATION,
    "+": Kind.AGGREGATION,
    "J:": Kind.JOIN,
    "F:": Kind.FILTER,
    "G:": Kind.GROUP_BY,
    "S:": Kind.SORT,
    "W:": Kind.WINDOW,
    "C:": Kind.CONDITIONAL,
}
SCHEMAS = {name: RelationSchema(name, columns) for name, columns in TABLES.items()}
INPUT = re.compile(r"(~|\+|[JFGSWC]:|)((?:raw\.)?\w+)\.(\w+|\*)(\$(?:\[\"[^\"]*\"\]|[^\s])*)?(?:\s|$)")


def expected_edges(text: str) -> tuple[set[str], set[ColumnEdge]]:
    """Return the columns and edges that a shape spells."""
    columns, edges = set(), set()
    for part in text.split(";"):
        column, _, inputs = part.strip().partition(" =")
        name = "" if column == "rows" else column
        columns.add(name)
        for kind, relation, found, path in INPUT.findall(inputs.strip()):
            edges.add(ColumnEdge(name, relation, found, path, KINDS[kind]))
    return columns - {""}, edges


def lineage_of(sql: str) -> ColumnLineage:
    return read_lineage(sql, SCHEMAS)


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
def test_a_query_has_exactly_the_edges_written_by_hand(shape: Shape) -> None:
    columns, edges = expected_edges(shape.edges)
    found = lineage_of(shape.sql)
    assert set(found.edges) == edges
    assert set(found.columns) == columns
    assert found.unresolved == ()
