"""Logical hashes: two builds of the same rows are equal, whatever file or thread order they came in.

DuckDB files of identical builds differ in bytes, so tables are compared by content: the count of rows,
and the sums of both halves of each row's MD5. Sums do not depend on order, are exact in HUGEINT, and keep
doubled rows apart. This is for comparing honest builds; against tampering stands the file's SHA-256.
"""

import hashlib
from dataclasses import dataclass

import duckdb

from publishing.tables import Table, quoted


@dataclass(frozen=True, slots=True)
class LogicalHash:
    """What a table holds, as one value."""

    table: str
    rows: int
    sha256: str


def logical_hash(con: duckdb.DuckDBPyConnection, table: Table) -> LogicalHash:
    """Hash a table's columns (names and types, in order of name) and rows (in any order)."""
    columns = sorted(table.columns.items())
    row_text = " || ".join(_field(name) for name, _ in columns) or "''"
    found = con.execute(
        f"with hashed as (select md5_number_lower(row_text) as low, md5_number_upper(row_text) as high "
        f"from (select {row_text} as row_text from {table.relation})) "
        "select count(*), coalesce(sum(low::hugeint), 0), coalesce(sum(high::hugeint), 0) from hashed"
    ).fetchone()
    rows, low, high = found or (0, 0, 0)
    shape = "\n".join(f"{name} {kind}" for name, kind in columns)
    digest = hashlib.sha256(f"{shape}\n{rows}\n{low}\n{high}\n".encode()).hexdigest()
    return LogicalHash(table.name, int(rows), digest)


def _field(name: str) -> str:
    """Spell a value with its length in front, so that no two rows read alike."""
    text = f"{quoted(name)}::varchar"
    return f"coalesce(length({text}) || ':' || {text}, '-')"
