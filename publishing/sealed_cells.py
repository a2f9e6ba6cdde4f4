"""Values that somebody answers for as leaves, so that one number can be proven without showing another.

DuckDB makes the leaves from the published table, in the order of the cells' keys. Each is salted: a path
shows hashes of neighbours, and a value that is one of few could be found by trying. The salt follows from a
secret that only the publication's manifest holds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb

from lineage.ledger import MerkleTree, merkle
from publishing.tables import quoted

VALUES = "mart_metric_values"
_KEY = ("metric", "metric_version", "profile", "scope_kind", "scope_id", "period_grain", "period_start")
_KEPT_TYPES = ("BOOLEAN", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "VARCHAR", "VARCHAR[]")
_AT_ONCE = 50_000

# The leaf is canonical JSON: the keys of both objects are sorted, and numbers with a fraction are text.
_LEAVES = """
with cells as (
    select {key}, to_json(struct_pack({fields})) as cell
    from marts.{table} where value is not null and list_contains($metrics, metric)
)
select {selected} from (
    select *,
           '{{"cell":' || cell || ',"kind":"cell","salt":"' || sha256($secret || cell)[:32] || '","v":1}}'
               as leaf,
           row_number() over (order by {key}, cell) - 1 as position
    from cells
)
where {condition}
order by position
"""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell's leaf, and its place in the list."""

    index: int
    leaf: str


def cells_tree(
    con: duckdb.DuckDBPyConnection, *, secret: str, definition_hashes: Mapping[str, str | None]
) -> MerkleTree:
    """Return the tree over the values of some metrics of a published database.

    Args:
        con: an analysts' database.
        secret: what salts follow from, in hexadecimal.
        definition_hashes: by metric whose values are listed, as the gate decided on it.
    """
    columns = _columns(con)
    if not columns or not definition_hashes:
        return MerkleTree([])
    hashes: list[bytes] = []
    result = con.execute(
        _query(columns, selected="leaf", condition="true"), _parameters(secret, definition_hashes)
    )
    while rows := result.fetchmany(_AT_ONCE):
        hashes += [merkle.leaf_hash(leaf.encode()) for (leaf,) in rows]
    return MerkleTree(hashes)


def find_cells(
    con: duckdb.DuckDBPyConnection,
    wanted: Mapping[str, str],
    *,
    secret: str,
    definition_hashes: Mapping[str, str | None],
) -> list[Cell]:
    """Return the cells whose key has these values, with their places in the list.

    Args:
        con: an analysts' database.
        wanted: by column of the key, the value as text.
        secret: as `cells_tree` took it.
        definition_hashes: as `cells_tree` took them.
    """
    columns = _columns(con)
    known = [name for name in wanted if name in columns]
    condition = " and ".join(f"{name}::varchar = $_{name}" for name in known) or "false"
    parameters = _parameters(secret, definition_hashes) | {f"_{name}": wanted[name] for name in known}
    query = _query(columns, selected="position, leaf", condition=condition)
    return [Cell(int(index), str(leaf)) for index, leaf in con.execute(query, parameters).fetchall()]


def _query(columns: Mapping[str, str], *, selected: str, condition: str) -> str:
    fields = {name: _field(name, kind) for name, kind in columns.items()}
    fields["definition_hash"] = "$hashes[list_position($metrics, metric)]"
    packed = ", ".join(f"{quoted(name)} := {fields[name]}" for name in sorted(fields))
    key = ", ".join(quoted(name) for name in _KEY if name in columns)
    return _LEAVES.format(key=key, fields=packed, table=VALUES, selected=selected, condition=condition)


def _parameters(
    secret: str, definition_hashes: Mapping[str, str | None]
) -> dict[str, str | Sequence[str | None]]:
    metrics = sorted(definition_hashes)
    return {"secret": secret, "metrics": metrics, "hashes": [definition_hashes[one] for one in metrics]}


def _columns(con: duckdb.DuckDBPyConnection) -> dict[str, str]:
    rows = con.execute(
        "select column_name, data_type from duckdb_columns() "
        "where schema_name = 'marts' and table_name = $1 and database_name = current_database()",
        [VALUES],
    ).fetchall()
    return dict(rows)


def _field(name: str, kind: str) -> str:
    return quoted(name) if kind in _KEPT_TYPES else f"{quoted(name)}::varchar"
