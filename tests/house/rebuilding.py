"""A built warehouse once more: from its evidence, or in memory by so many threads over small pieces."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.one_transform import transform
from orchestration.session import open_session
from orchestration.workspace import Workspace
from publishing.flat_files import is_exported, write_csv, write_parquet
from publishing.tables import read_tables
from tests.dbt_project.on_demand import OnDemand, steps

ROWS_OF_A_PIECE = 2048
"""Threads share work by row groups. In a file they hold 122,880 rows, and one thread would do everything."""
_MADE_BY_DBT = ("intermediate", "marts")


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came out.

    Attributes:
        rows: A hash of the rows of each model, whatever their order.
        ordered: A hash of the rows of each mart, in their order.
        files: A hash of each exported file.
        pieces: How many pieces the largest table has.
    """

    rows: Mapping[str, str]
    ordered: Mapping[str, str]
    files: Mapping[str, str]
    pieces: int


def build_from_the_beginning(workspace: Workspace) -> None:
    """Read all evidence again and build every model from it, as a full refresh does, and fetch nothing."""
    with open_session(workspace, command="test", needs_sources=False) as session:
        transform(session, is_full_refresh=True)


def rebuilt(warehouse: Path, vault: Path, folder: Path, *, threads: int) -> Rebuilt:
    """Build every model above staging of a warehouse that nobody has open, and export the marts."""
    with duckdb.connect() as con:
        con.execute(f"set threads = {threads}")
        con.execute(f"attach ':memory:' as assay (row_group_size {ROWS_OF_A_PIECE})")
        con.execute("use assay; set TimeZone = 'UTC'")
        con.execute(f"attach '{warehouse}' as held (read_only); attach '{vault}' as vault (read_only)")
        _copy(con)
        computed = {step.name for relation, step in steps().items() if relation.startswith("computed.")}
        OnDemand(con, computed).need_all()
        models = [table for schema in _MADE_BY_DBT for table in read_tables(con, "assay", schema)]
        marts = [table for table in models if table.schema == "marts"]
        return Rebuilt(
            rows={table.name: _hash(con, f"from {table.relation} order by all") for table in models},
            ordered={table.name: _hash(con, f"from {table.relation}") for table in marts},
            files=exported(con, "assay", folder),
            pieces=_most_pieces(con),
        )


def exported(con: duckdb.DuckDBPyConnection, catalog: str, folder: Path) -> Mapping[str, str]:
    """Write every mart as publishing does, and hash the files."""
    folder.mkdir()
    for table in read_tables(con, catalog):
        if is_exported(table):
            write_parquet(con, table, folder / f"{table.name}.parquet")
            write_csv(con, table, folder / f"{table.name}.csv")
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir())}


def _copy(con: duckdb.DuckDBPyConnection) -> None:
    """Copy what dbt reads and what Python steps wrote; views come after what they read."""
    tables = con.execute(
        "select schema_name, table_name from duckdb_tables() "
        "where database_name = 'held' and (schema_name not in ('intermediate', 'marts', 'quality', 'build') "
        "or table_name = 'check_results')"
    ).fetchall()
    for schema in {*_MADE_BY_DBT, "raw", *(schema for schema, _ in tables)}:
        con.execute(f"create schema if not exists assay.{schema}")
    for schema, table in tables:
        con.execute(f"create table assay.{schema}.{table} as from held.{schema}.{table}")
    views = con.execute(
        "select sql from duckdb_views() "
        "where database_name = 'held' and schema_name in ('raw', 'staging') and not internal"
    ).fetchall()
    waiting = [sql for (sql,) in views]
    while waiting:
        left = [sql for sql in waiting if not _stands(con, sql)]
        assert len(left) < len(waiting), left
        waiting = left


def _stands(con: duckdb.DuckDBPyConnection, sql: str) -> bool:
    """Make a view; False where what it reads does not stand yet."""
    try:
        con.execute(sql)
    except duckdb.CatalogException:
        return False
    return True


def _hash(con: duckdb.DuckDBPyConnection, query: str) -> str:
    return hashlib.sha256(repr(con.execute(query).fetchall()).encode()).hexdigest()


def _most_pieces(con: duckdb.DuckDBPyConnection) -> int:
    sizes = con.execute("select estimated_size from duckdb_tables() where database_name = 'assay'").fetchall()
    return max(int(size) for (size,) in sizes) // ROWS_OF_A_PIECE
