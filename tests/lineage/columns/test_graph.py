"""Walks over stored edges: upstream, impact, near names, and the graph as it is drawn."""

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import duckdb
import pytest

from lineage.columns import (
    ColumnGraph,
    LineageCache,
    Place,
    Query,
    RelationSchema,
    read_project,
    write_tables,
)
from lineage.columns.drawing import to_dot, to_html
from lineage.errors import ColumnNotFoundError

SCHEMAS = {
    "raw.c": RelationSchema("raw.c", {"body": "JSON"}),
    "raw.rules": RelationSchema("raw.rules", {"pattern": "VARCHAR"}),
}
QUERIES = (
    Query("staging.c", "select body->>'$.sha' as sha, body->>'$.author.date' as authored_at from raw.c"),
    Query(
        "marts.f", "select upper(sha) as sha, authored_at from staging.c, raw.rules where sha like pattern"
    ),
    Query("marts.n", "select count(*) as commit_count from marts.f"),
    Query("marts/f.csv", "select sha from marts.f", "export"),
)


@pytest.fixture
def graph() -> Iterator[ColumnGraph]:
    with duckdb.connect() as con:
        write_tables(con, read_project(QUERIES, [], SCHEMAS, cache=LineageCache(None)))
        yield ColumnGraph(con)


def names(graph: ColumnGraph, text: str, direction: str, **options: object) -> dict[str, int]:
    walk = graph.walk(graph.find(text), direction, **options)  # type: ignore[arg-type]
    return {place.text: distance for place, distance in walk.places.items()}


def test_upstream_goes_down_to_the_sources_field(graph: ColumnGraph) -> None:
    found = names(graph, "marts/f.csv.sha", "upstream", is_direct_only=True)
    assert found == {"marts/f.csv.sha": 0, "marts.f.sha": 1, "staging.c.sha": 2, "raw.c:$.sha": 3}


def test_upstream_knows_what_decides_about_rows(graph: ColumnGraph) -> None:
    assert "raw.rules.pattern" in names(graph, "marts.f.authored_at", "upstream")
    assert "raw.rules.pattern" not in names(graph, "marts.f.authored_at", "upstream", is_direct_only=True)


def test_depth_ends_a_walk(graph: ColumnGraph) -> None:
    assert set(names(graph, "marts/f.csv.sha", "upstream", depth=1)) == {"marts/f.csv.sha", "marts.f.sha"}


def test_impact_reaches_the_files(graph: ColumnGraph) -> None:
    found = names(graph, "raw.c:$.sha", "impact", is_direct_only=True)
    assert {"staging.c.sha", "marts.f.sha", "marts/f.csv.sha"} <= set(found)
    assert "marts.f.authored_at" not in found


def test_impact_of_a_filter_reaches_counts_of_its_rows(graph: ColumnGraph) -> None:
    assert "marts.n.commit_count" in names(graph, "raw.rules.pattern", "impact")


def test_impact_of_an_outer_field_includes_its_inner_ones(graph: ColumnGraph) -> None:
    assert "staging.c.authored_at" in names(graph, "raw.c:$.author", "impact")
    assert "staging.c.sha" not in names(graph, "raw.c:$.author", "impact", depth=1)


def test_a_clear_suffix_is_enough(graph: ColumnGraph) -> None:
    assert graph.find("f.csv.sha") == Place("marts/f.csv", "sha")
    assert graph.find("N.Commit_Count") == Place("marts.n", "commit_count")


def test_an_unclear_suffix_names_the_candidates(graph: ColumnGraph) -> None:
    with pytest.raises(ColumnNotFoundError, match="name one in full") as caught:
        graph.find("sha")
    assert {"staging.c.sha", "marts.f.sha"} <= set(caught.value.available)


@pytest.mark.parametrize("text", ["marts.f.shaa", "marts.n.comit_count", "raw.c:$.authr"])
def test_an_unknown_name_gets_near_ones(graph: ColumnGraph, text: str) -> None:
    with pytest.raises(ColumnNotFoundError, match="Did you mean"):
        graph.find(text)


def test_the_page_stands_alone_and_draws_every_edge(graph: ColumnGraph) -> None:
    walk = graph.walk(graph.find("marts.n.commit_count"), "upstream")
    page = to_html(walk, title="a <title>")
    assert "a &lt;title&gt;" in page
    assert not re.search(r"""(?:src|href)=|https?://(?!www\.w3\.org/2000/svg)|@import|url\(""", page)
    drawing = ET.fromstring(page[page.index("<svg") : page.index("</svg>") + 6])  # noqa: S314 - our own text
    paths = [each for each in drawing.iter() if each.tag.endswith("path")]
    assert len(paths) == len(walk.steps) == 4
    labels = {each.text for each in drawing.iter() if each.tag.endswith("text")}
    assert {"marts.n", "commit_count", "$.sha", "its rows"} <= labels


def test_boxes_lie_right_of_what_they_read_and_apart(graph: ColumnGraph) -> None:
    page = to_html(graph.walk(graph.find("marts/f.csv.sha"), "upstream"), title="t")
    found = re.findall(r'<rect x="(\d+)" y="(\d+)".*?class="relation"[^>]*>([^<]+)<', page)
    left = {name: int(x) for x, _, name in found}
    assert left["raw.c"] < left["staging.c"] < left["marts.f"] < left["marts/f.csv"]
    assert len({(x, y) for x, y, _ in found}) == len(found)


def test_dot_names_every_relation_and_dashes_indirect_edges(graph: ColumnGraph) -> None:
    dot = to_dot(graph.walk(graph.find("marts.f.sha"), "upstream"))
    assert dot.startswith("digraph lineage {")
    assert '"raw.rules":"pattern" -> "marts.f":"sha" [style=dashed, tooltip="FILTER"];' in dot
    assert '"staging.c":"sha" -> "marts.f":"sha" [style=solid, tooltip="TRANSFORMATION"];' in dot
