"""A small project from sources to an export: what is stored, cached and never dropped."""

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest

from lineage.columns import (
    ColumnEdge,
    DeclaredRelation,
    Kind,
    LineageCache,
    ProjectLineage,
    Query,
    RelationSchema,
    copy_tables,
    has_tables,
    read_project,
    write_tables,
)

SCHEMAS = {
    "raw.commits": RelationSchema("raw.commits", {"body": "BLOB", "scope": "VARCHAR"}),
    "computed.firsts": RelationSchema("computed.firsts", {"sha": "VARCHAR"}),
}
STAGED = Query(
    "staging.commits",
    """select scope as repository, r.sha from (
        select scope, unnest(from_json(decode(body), '[{"sha": "VARCHAR"}]')) as r from raw.commits)""",
)
MART = Query(
    "marts.fct", "select repository, sha, 1 as one from staging.commits join computed.firsts using (sha)"
)
EXPORT = Query("marts/fct.csv", "select repository, sha from marts.fct", "export")
FIRSTS = DeclaredRelation(
    "computed.firsts",
    {"sha": "VARCHAR"},
    (ColumnEdge("sha", "staging.commits", "sha", "", Kind.IDENTITY),),
)


def project(
    queries: Sequence[Query] = (STAGED, MART, EXPORT), *, cache: LineageCache | None = None
) -> ProjectLineage:
    return read_project(queries, [FIRSTS], SCHEMAS, cache=cache or LineageCache(None))


def edges_to(lineage: ProjectLineage, relation: str) -> set[ColumnEdge]:
    return {each.edge for each in lineage.edges if each.output_relation == relation}


def test_each_models_columns_are_known_to_those_that_read_it() -> None:
    found = project()
    assert ColumnEdge("sha", "raw.commits", "body", "$[*].sha", Kind.IDENTITY) in edges_to(
        found, "staging.commits"
    )
    assert ColumnEdge("repository", "staging.commits", "repository", "", Kind.IDENTITY) in edges_to(
        found, "marts.fct"
    )
    assert ColumnEdge("", "computed.firsts", "sha", "", Kind.JOIN) in edges_to(found, "marts.fct")
    assert edges_to(found, "computed.firsts") == set(FIRSTS.edges)
    assert ("marts/fct.csv", "marts.fct") in found.reads


def test_columns_say_where_their_values_come_from() -> None:
    found = {(each.relation, each.name): each.origin for each in project().columns}
    assert found["marts.fct", "one"] == "constant"
    assert found["marts.fct", "sha"] == "derived"
    assert found["raw.commits", "body"] == "source"
    assert found["computed.firsts", "sha"] == "derived"


def test_a_column_that_the_table_has_and_its_sql_has_not_is_listed() -> None:
    built = {
        **SCHEMAS,
        "marts.fct": RelationSchema("marts.fct", {"repository": "VARCHAR", "added": "BIGINT"}),
    }
    found = read_project([STAGED, MART], [], built, cache=LineageCache(None))
    assert [(name, each.output_column) for name, each in found.unresolved] == [("marts.fct", "added")]
    assert found.resolved_share("marts.") == (1, 2)


def test_a_query_that_cannot_be_parsed_leaves_its_columns_listed_and_the_others_read() -> None:
    broken = Query("marts.broken", "selec nothing whatever frm t")
    built = {**SCHEMAS, "marts.broken": RelationSchema("marts.broken", {"a": "BIGINT", "b": "BIGINT"})}
    found = read_project([STAGED, broken], [], built, cache=LineageCache(None))
    assert {each.output_column for name, each in found.unresolved if name == "marts.broken"} >= {
        "a",
        "b",
        "*",
    }
    assert found.resolved_share("marts.broken") == (0, 2)
    assert found.resolved_share("staging.") == (2, 2)


def test_an_unchanged_project_is_answered_from_the_cache(tmp_path: Path) -> None:
    first = LineageCache(tmp_path / "cache.json")
    found = project(cache=first)
    again = LineageCache(tmp_path / "cache.json")
    assert project(cache=again) == found
    assert (first.misses, first.hits) == (3, 0)
    assert (again.misses, again.hits) == (0, 3)


def test_a_changed_schema_reads_the_query_again(tmp_path: Path) -> None:
    sql = "select * from raw.commits"
    LineageCache(tmp_path / "cache.json").read(sql, SCHEMAS)
    first = LineageCache(tmp_path / "cache.json")
    first.read(sql, SCHEMAS)
    first.save()
    wider = {
        "raw.commits": RelationSchema("raw.commits", {"body": "BLOB", "scope": "VARCHAR", "url": "VARCHAR"})
    }
    again = LineageCache(tmp_path / "cache.json")
    assert again.read(sql, SCHEMAS).columns == ("body", "scope")
    assert again.read(sql, wider).columns == ("body", "scope", "url")
    assert (again.hits, again.misses) == (1, 1)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"versions": {}, "queries": {}}', '{"queries": 1}'])
def test_a_damaged_or_outdated_cache_counts_as_an_empty_one(tmp_path: Path, content: str) -> None:
    (tmp_path / "cache.json").write_text(content)
    cache = LineageCache(tmp_path / "cache.json")
    assert project(cache=cache) == project()
    assert cache.misses == 3


def test_tables_are_written_once_and_copied_whole(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(file)) as con:
        assert not has_tables(con, "warehouse")
        assert write_tables(con, project())
        assert not write_tables(con, project())
        assert write_tables(con, project([STAGED]))
        assert write_tables(con, project())
    with duckdb.connect(str(tmp_path / "copy.duckdb")) as con:
        con.execute(f"attach '{file}' as warehouse (read_only)")
        assert has_tables(con, "warehouse")
        copy_tables(con, "warehouse")
        count = con.execute("select count(*) from lineage.column_edges where subtype = 'JOIN'").fetchone()
        assert count == (2,)
