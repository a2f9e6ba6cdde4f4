"""Properties of column lineage: what formatting may change, and that nothing falls through."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lineage.columns import ROWS, WHOLE_RELATION, ColumnEdge, Kind, read_lineage
from tests.lineage.columns.shapes import SHAPES, Shape
from tests.lineage.columns.test_shapes import SCHEMAS, lineage_of


@given(
    st.sampled_from(SHAPES),
    st.sampled_from(
        [(" ", "\n"), (" ", "\t"), (" ", "  "), (", ", ", /* why */ "), (" from ", " -- why\nfrom ")]
    ),
)
@settings(deadline=None, max_examples=120)
def test_white_space_and_comments_change_no_edge(shape: Shape, change: tuple[str, str]) -> None:
    parts = shape.sql.split("'")  # text stays as it is
    spaced = "'".join(part.replace(*change) if place % 2 == 0 else part for place, part in enumerate(parts))
    assert lineage_of(spaced) == lineage_of(shape.sql)


@pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
def test_every_column_has_an_edge_or_a_reason_or_is_a_constant(shape: Shape) -> None:
    found = lineage_of(shape.sql)
    covered = {e.output_column for e in found.edges} | {u.output_column for u in found.unresolved}
    assert set(found.columns) - covered == set(found.constants)
    assert {name for name in covered if name not in (WHOLE_RELATION, "*")} <= set(found.columns)


def test_a_common_table_that_wraps_a_query_changes_no_edge() -> None:
    for shape in SHAPES:
        if " as " in shape.sql and "columns(" not in shape.sql:
            wrapped = f"with wrapped as ({shape.sql}) select * from wrapped"
            assert lineage_of(wrapped) == lineage_of(shape.sql), shape.name


@pytest.mark.parametrize(
    ("sql", "column", "reason"),
    [
        ("select nowhere from t", "nowhere", "no relation in sight has a column of this name"),
        ("select x from known_to_nobody, nor_this", "x", "it may belong to several relations"),
        ("select * from known_to_nobody", "*", "the columns of this relation are not known"),
        ("select columns(lambda c: length(c) = 1) from t", "*", "which columns it means is computed"),
        ("from (pivot t on d using sum(b) group by a)", "*", "made of data; name them with IN"),
        ("select a from t join u using (k)", "", "USING names a column that one side does not have"),
        ("select a frm t whre", "*", "it cannot be parsed"),
        ("summarize t", "*", "this kind of relation is not read"),
    ],
)
def test_what_cannot_be_followed_is_listed_with_its_reason(sql: str, column: str, reason: str) -> None:
    assert [
        each for each in lineage_of(sql).unresolved if each.output_column == column and reason in each.reason
    ]


def test_a_column_of_the_one_unknown_relation_is_believed() -> None:
    found = read_lineage("select w.x, y from elsewhere.w", {})
    assert ColumnEdge("x", "elsewhere.w", "x", "", Kind.IDENTITY) in found.edges
    assert ColumnEdge("y", "elsewhere.w", "y", "", Kind.IDENTITY) in found.edges


def test_a_file_that_is_read_is_an_input_by_its_own_words() -> None:
    (edge,) = read_lineage("select x from read_parquet('a.parquet')", {}).edges
    assert "a.parquet" in edge.input_relation


def test_one_unresolved_column_leaves_the_others_resolved() -> None:
    found = lineage_of("select a, nowhere, b from t")
    assert {edge.output_column for edge in found.edges} == {"a", "b"}
    assert [each.output_column for each in found.unresolved] == ["nowhere"]


def test_an_unresolved_filter_is_listed_for_the_rows() -> None:
    (only,) = lineage_of("select a from t where nowhere").unresolved
    assert only.output_column == WHOLE_RELATION


def test_a_self_referring_recursion_ends() -> None:
    step = "select struct_pack(x := w) from r"
    sql = f"with recursive r as (select s as w from n union all {step}) select w from r"
    assert lineage_of(sql).edges


def test_schemas_are_found_by_the_fullest_name() -> None:
    (edge,) = read_lineage("select a from db.raw.t", SCHEMAS).edges
    assert edge.input_relation == "raw.t"
    assert edge.input_column != ROWS
