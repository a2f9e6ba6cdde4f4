"""Reading the column lineage of everything that a workspace builds, and storing it beside the marts.

It is made of the compiled SQL and of the columns that the warehouse has, so it hangs on the code and the
kinds of source alone: a run that changes neither answers from the cache. It enters no definition and no
content hash.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import duckdb

from lineage.columns import (
    ColumnEdge,
    DeclaredRelation,
    LineageCache,
    ProjectLineage,
    Query,
    RelationSchema,
    read_project,
    write_tables,
)
from lineage.columns.json_paths import ELEMENT_STEP
from orchestration.column_lineage.declared import VAULT_COLUMNS, declared_relations
from orchestration.model_graph import ModelGraph
from orchestration.steps.business_hours import WRITE_DAYS
from orchestration.workspace import Workspace
from publishing.exported_columns import exported_relations

CACHE_FILE: Final = "column_lineage.json"
_STREAM: Final = re.compile(r"raw\.([a-z0-9_]+?)__(\w+?)(?:__new)?\Z")
_STORED = """
    select schema_name || '.' || table_name, column_name, data_type
    from duckdb_columns()
    where not internal and database_name = current_database() and schema_name <> 'lineage'
    order by 1, column_index
"""


def record_column_lineage(
    workspace: Workspace, con: duckdb.DuckDBPyConnection, compiled: Mapping[str, Any]
) -> ProjectLineage:
    """Read the lineage of every column, and write it into the warehouse where it has changed.

    Args:
        workspace: Whose cache.
        con: The warehouse, for writing.
        compiled: dbt's manifest with the SQL of every model, see `DbtProject.compiled_manifest`.
    """
    found = read_column_lineage(con, compiled, cache=workspace.dbt / CACHE_FILE)
    write_tables(con, found)
    return found


def read_column_lineage(
    con: duckdb.DuckDBPyConnection, compiled: Mapping[str, Any], *, cache: Path | None
) -> ProjectLineage:
    """Read the lineage of every model, step and export of a warehouse.

    Args:
        con: The warehouse; it is only read.
        compiled: See `record_column_lineage`.
        cache: Where read queries are kept between runs.
    """
    stored = stored_columns(con)
    return read_project(
        [*model_queries(compiled), *(Query(name, sql, "export") for name, sql in exported_relations(con))],
        [*declared_relations(stored), *_other_relations(stored)],
        schemas_of(stored),
        cache=LineageCache(cache),
        as_known=as_streams,
    )


def model_queries(compiled: Mapping[str, Any]) -> list[Query]:
    """Return every model, each after those that it reads, and the steps that are SQL."""
    graph = ModelGraph(compiled)
    models = [graph.models[key] for key in graph.in_order]
    named = [(f"{node['schema']}.{node['alias'] or node['name']}", node) for node in models]
    steps = [Query("computed.working_days", WRITE_DAYS, "declared")]
    return steps + [Query(name, str(node.get("compiled_code") or "")) for name, node in named]


def stored_columns(con: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """Return the types by name of the columns of each stored relation."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for relation, column, kind in con.execute(_STORED).fetchall():
        found[relation.lower()][column.lower()] = kind
    return dict(found)


def schemas_of(stored: Mapping[str, Mapping[str, str]]) -> dict[str, RelationSchema]:
    """Return what SQL may read: the warehouse's relations, and those of the vault by their full names."""
    schemas = {name: RelationSchema(name, columns) for name, columns in stored.items()}
    for name, columns in VAULT_COLUMNS.items():
        catalog, table = name.split(".")
        schemas[f"{catalog}.main.{table}"] = RelationSchema(name, columns)
    return schemas


def as_streams(edges: Sequence[ColumnEdge]) -> Iterator[ColumnEdge]:
    """Spell raw tables as the streams that they show: `raw.github__commits__new` is `github.commits`.

    Staging takes a page that holds a list of records and one that holds a single record alike; where a
    field is read of both, it stands once, as of the list.
    """
    of_streams: list[ColumnEdge] = []
    for each in edges:
        if stream_of(each.input_relation) == each.input_relation:
            yield each
        else:
            of_streams.append(replace(each, input_relation=stream_of(each.input_relation)))
    most: dict[ColumnEdge, int] = defaultdict(int)
    for each in of_streams:
        without = _without_lists(each)
        most[without] = max(most[without], each.json_path.count(ELEMENT_STEP))
    for each in of_streams:
        if each.json_path.count(ELEMENT_STEP) == most[_without_lists(each)]:
            yield each


def _without_lists(edge: ColumnEdge) -> ColumnEdge:
    path = edge.json_path
    return replace(edge, json_path=path.replace(ELEMENT_STEP, "")) if ELEMENT_STEP in path else edge


@cache
def stream_of(relation: str) -> str:
    """Return the stream that a raw table shows, as `kind.stream`; any other relation as it is."""
    found = _STREAM.match(relation)
    return f"{found[1]}.{found[2]}" if found else relation


def _other_relations(stored: Mapping[str, Mapping[str, str]]) -> Iterable[DeclaredRelation]:
    """Return what the run keeps about itself and models read: pages, windows, redactions, checks."""
    for name, columns in stored.items():
        schema = name.split(".", maxsplit=1)[0]
        if (schema == "raw" and not _STREAM.match(name)) or name == "quality.check_results":
            yield DeclaredRelation(name, columns, (), "source")
