"""Column lineage: what each column of each model is made of, down to the field of the source's record.

`read_lineage` reads one query, `read_project` a whole project with a cache; `write_tables` stores what it
found and `ColumnGraph` follows it. SQL is read as DuckDB's. Nothing here knows dbt: queries and schemas are
arguments.
"""

from lineage.columns.cache import LineageCache
from lineage.columns.edges import (
    ROWS,
    WHOLE_RELATION,
    ColumnEdge,
    ColumnLineage,
    Kind,
    RelationSchema,
    Unresolved,
)
from lineage.columns.graph import ColumnGraph, Place, Step, Walk, unresolved_rows
from lineage.columns.project import DeclaredRelation, ProjectEdge, ProjectLineage, Query, read_project
from lineage.columns.reading import read_lineage
from lineage.columns.tables import copy_tables, has_tables, write_tables

__all__ = [
    "ROWS",
    "WHOLE_RELATION",
    "ColumnEdge",
    "ColumnGraph",
    "ColumnLineage",
    "DeclaredRelation",
    "Kind",
    "LineageCache",
    "Place",
    "ProjectEdge",
    "ProjectLineage",
    "Query",
    "RelationSchema",
    "Step",
    "Unresolved",
    "Walk",
    "copy_tables",
    "has_tables",
    "read_lineage",
    "read_project",
    "unresolved_rows",
    "write_tables",
]
