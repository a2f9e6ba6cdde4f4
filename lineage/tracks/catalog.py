"""The warehouse as it really is: a view or a macro there can hide what no model's SQL shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal

import duckdb

from lineage.tracks.crossing import Finding
from lineage.tracks.reading import RelationName

# each function is asked for by its whole name: a macro of the warehouse could stand in its place, and lie
_HERE = "database_name = system.main.current_database() and not internal"
_RELATIONS = f"""
select schema_name, table_name, 'table', '' from system.main.duckdb_tables() where {_HERE}
union all
select schema_name, view_name, 'view', sql from system.main.duckdb_views() where {_HERE}
"""
_COLUMNS = f"""
select schema_name, table_name, column_name from system.main.duckdb_columns() where {_HERE}
order by schema_name, table_name, column_index
"""
_MACROS = "select distinct function_name from system.main.duckdb_functions() where not internal order by 1"
_TYPES = "select distinct type_name from system.main.duckdb_types() where not internal order by 1"
_DATABASES = """
select database_name, path from system.main.duckdb_databases()
where not internal and database_name <> system.main.current_database() order by 1
"""


@dataclass(frozen=True, slots=True)
class CatalogRelation:
    """A table or a view of the warehouse; a view with the statement that made it."""

    kind: Literal["table", "view"]
    sql: str = ""
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WarehouseCatalog:
    """What lies in the warehouse.

    Attributes:
        relations: By schema and name, in small letters.
        macros: Names of macros that somebody made.
        types: Names of types that somebody made.
        databases: Other databases that the connection has attached, with their files.
        evidence: The folder of committed evidence: the one place that views may read files from.
        vault: The identity vault: the one file that may be attached beside the warehouse.
    """

    relations: Mapping[tuple[str, str], CatalogRelation]
    macros: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    databases: Mapping[str, str] | None = None
    evidence: PurePath | None = None
    vault: PurePath | None = None

    def find(self, relation: RelationName) -> CatalogRelation | None:
        """Return the relation, if the warehouse has it."""
        return self.relations.get((relation.schema, relation.name))

    def findings(self) -> tuple[Finding, ...]:
        """Whatever closes the wall for every metric: data that no relation of the graph names."""
        types = [Finding("catalog_type", name) for name in self.types]
        attached = [
            Finding("attached_database", f"{name} ({path})")
            for name, path in (self.databases or {}).items()
            if self.vault is None or not path or PurePath(path) != self.vault
        ]
        return (*types, *attached)


def read_catalog(
    con: duckdb.DuckDBPyConnection, *, evidence: Path | None = None, vault: Path | None = None
) -> WarehouseCatalog:
    """Read the catalog of the database that the connection is in.

    Args:
        con: A connection to the warehouse; reading is enough.
        evidence: The folder of committed evidence.
        vault: The identity vault's file.
    """
    columns: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in con.execute(_COLUMNS).fetchall():
        columns.setdefault((schema.lower(), table.lower()), []).append(column.lower())
    relations = {
        (schema.lower(), name.lower()): CatalogRelation(
            kind, sql, tuple(columns.get((schema.lower(), name.lower()), ()))
        )
        for schema, name, kind, sql in con.execute(_RELATIONS).fetchall()
    }
    return WarehouseCatalog(
        relations=relations,
        macros=tuple(name.lower() for (name,) in con.execute(_MACROS).fetchall()),
        types=tuple(name.lower() for (name,) in con.execute(_TYPES).fetchall()),
        databases={name.lower(): path or "" for name, path in con.execute(_DATABASES).fetchall()},
        evidence=evidence,
        vault=vault,
    )


def view_query(statement: str) -> str:
    """Return what a view selects, from the `CREATE VIEW … AS …` that DuckDB keeps of it.

    The statement is DuckDB's own spelling: after the names and columns stands the first bare AS.
    """
    depth, quote, word = 0, "", ""
    for place, sign in enumerate(statement):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote, word = sign, ""
        elif sign.isalnum() or sign == "_":
            word += sign
        else:
            if word.upper() == "AS" and depth == 0 and sign.isspace():
                return statement[place:].strip().removesuffix(";")
            depth += (sign == "(") - (sign == ")")
            word = ""
    return statement
