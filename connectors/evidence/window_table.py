"""Fetch windows as an Arrow table."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pyarrow as pa

from connectors.evidence.arrow_columns import column_of

_INSTANT = pa.timestamp("us", tz="UTC")
WINDOW_SCHEMA = pa.schema(
    [
        ("window_index", pa.int64()),
        ("window_id", pa.string()),
        ("source", pa.string()),
        ("stream", pa.string()),
        ("scope", pa.string()),
        ("parent_key", pa.string()),
        ("requested_from", _INSTANT),
        ("requested_until", _INSTANT),
        ("started_at", _INSTANT),
        ("closed_at", _INSTANT),
        ("claimed_total", pa.int64()),
        ("record_count", pa.int64()),
        ("page_indexes", pa.list_(pa.int64())),
        ("is_changed", pa.bool_()),
        ("run_id", pa.string()),
    ],
)
_CHUNK = 50_000
_MOST_NAMED = 500


def window_table(connection: sqlite3.Connection, log_size: int | None, *, first_index: int) -> pa.Table:
    """One row per closed window, from the first index on and below the log size, in log order."""
    names = ", ".join(WINDOW_SCHEMA.names)
    query = (
        f"SELECT {names} FROM fetch_windows JOIN scopes USING (scope_id)"
        " WHERE window_index > ? AND (? IS NULL OR window_index < ?) ORDER BY window_index LIMIT ?"
    )
    batches, last = [], first_index - 1
    while rows := connection.execute(query, (last, log_size, log_size, _CHUNK)).fetchall():
        last = rows[-1][0]
        batches.append(_record_batch(rows))
    return pa.Table.from_batches(batches, schema=WINDOW_SCHEMA)


def window_table_of(
    connection: sqlite3.Connection,
    stream: tuple[str, str],
    sets: Mapping[str, Collection[str | None]],
    *,
    log_size: int,
) -> pa.Table:
    """The windows of some sets of a stream, by scope and parent, below the log size, in log order."""
    names = ", ".join(WINDOW_SCHEMA.names)
    query = (
        f"SELECT {names} FROM fetch_windows JOIN scopes USING (scope_id)"
        " WHERE scope_id = (SELECT scope_id FROM scopes WHERE source = ? AND stream = ? AND scope = ?)"
        " AND window_index < ? AND "
    )
    batches = []
    for scope, parents in sorted(sets.items()):
        for condition, values in _of_parents(parents):
            rows = connection.execute(query + condition, (*stream, scope, log_size, *values)).fetchall()
            if rows:
                batches.append(_record_batch(rows))
    return pa.Table.from_batches(batches, schema=WINDOW_SCHEMA).sort_by("window_index")


def _of_parents(parents: Collection[str | None]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if None in parents:
        yield "parent_key IS NULL", ()
    named = sorted(parent for parent in parents if parent is not None)
    for first in range(0, len(named), _MOST_NAMED):
        part = tuple(named[first : first + _MOST_NAMED])
        yield f"parent_key IN ({', '.join('?' * len(part))})", part


def _record_batch(rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    values = dict(zip(WINDOW_SCHEMA.names, zip(*rows, strict=True), strict=True))
    values["page_indexes"] = tuple(json.loads(f"[{','.join(values['page_indexes'])}]"))
    columns = [column_of(values[field.name], field.type) for field in WINDOW_SCHEMA]
    return pa.RecordBatch.from_arrays(columns, schema=WINDOW_SCHEMA)
