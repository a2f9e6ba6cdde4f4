"""The two publications of a comparison, attached to one connection as `old` and `new`."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from publishing.errors import PublicationInputError
from publishing.manifest import read_manifest

DATABASE = "analyst.duckdb"
_COLUMNS = """
create temp table known_columns as
select database_name, table_name, column_name, data_type, column_index
from duckdb_columns() where schema_name = 'marts' and database_name in ('old', 'new')
"""


@dataclass(frozen=True, slots=True)
class Side:
    """One publication of a comparison.

    Attributes:
        publication_id: Its id.
        database: Its analysts' database.
        payload_log_size: Its evidence cutoff: records of pages from this log index on came later.
        definitions: By metric or mart: the hash of its definition.
        published_at: When, as its manifest says.
    """

    publication_id: str
    database: Path
    payload_log_size: int
    definitions: Mapping[str, str] = field(default_factory=dict)
    published_at: str = ""


def read_side(folder: Path) -> Side:
    """Return a publication's side of a comparison.

    Raises:
        ManifestError: it has no readable manifest.
        PublicationInputError: its database is gone.
    """
    manifest = read_manifest(folder)
    database = folder / DATABASE
    if not database.is_file():
        raise PublicationInputError(
            f"{folder.name} has no {DATABASE} any more, so it cannot be compared. Choose another publication"
        )
    return Side(
        publication_id=manifest.publication_id,
        database=database,
        payload_log_size=int(manifest.document["evidence"]["payload_log_size"]),
        definitions=definition_hashes(manifest.document),
        published_at=str(manifest.document.get("published_at", "")),
    )


def definition_hashes(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the definition hash of each metric and mart that a manifest names."""
    listed: Mapping[str, Mapping[str, str]] = document.get("definitions") or {}
    gate = {one["metric"]: one.get("definition_hash") for one in document.get("gate") or ()}
    return {name: digest for name, digest in gate.items() if digest} | {
        name: hashes["definition_sha256"] for name, hashes in listed.items()
    }


@contextmanager
def attached(old: Side, new: Side) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open both databases for reading on one connection.

    Raises:
        PublicationInputError: one of them cannot be read.
    """
    with duckdb.connect(config={"autoinstall_known_extensions": "false"}) as con:
        con.execute("set TimeZone = 'UTC'")
        for name, side in (("old", old), ("new", new)):
            path = str(side.database).replace("'", "''")
            try:
                con.execute(f"attach '{path}' as {name} (read_only)")
            except duckdb.Error as error:
                raise PublicationInputError(
                    f"the database of {side.publication_id} cannot be read: {error}"
                ) from error
        con.execute(_COLUMNS)  # asking the catalogue once is many times faster than asking it for each table
        yield con


def columns_of(con: duckdb.DuckDBPyConnection, side: str, table: str) -> dict[str, str]:
    """Return a mart's columns with their types, in order; nothing where the side does not have it."""
    rows = con.execute(
        "select column_name, data_type from known_columns "
        "where database_name = $side and table_name = $table order by column_index",
        {"side": side, "table": table},
    ).fetchall()
    return dict(rows)


def shared_columns(con: duckdb.DuckDBPyConnection, table: str) -> list[str]:
    """Return the columns that both sides have."""
    other = columns_of(con, "new", table)
    return [name for name in columns_of(con, "old", table) if name in other]
