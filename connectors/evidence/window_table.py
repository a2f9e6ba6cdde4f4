"""Fetch windows as an Arrow table."""

import json
import sqlite3

import pyarrow as pa

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


def window_table(connection: sqlite3.Connection, log_size: int | None) -> pa.Table:
    """One row per closed window whose leaf is below the log size, in log order."""
    names = ", ".join(WINDOW_SCHEMA.names)
    query = (
        f"SELECT {names} FROM fetch_windows JOIN scopes USING (scope_id)"
        " WHERE window_index > ? AND (? IS NULL OR window_index < ?) ORDER BY window_index LIMIT ?"
    )
    batches, last = [], -1
    while rows := connection.execute(query, (last, log_size, log_size, _CHUNK)).fetchall():
        last = rows[-1][0]
        batches.append(_record_batch(rows))
    return pa.Table.from_batches(batches, schema=WINDOW_SCHEMA)


def _record_batch(rows: list[tuple[object, ...]]) -> pa.RecordBatch:
    arrays = []
    for field, values in zip(WINDOW_SCHEMA, zip(*rows, strict=True), strict=True):
        if field.name == "page_indexes":
            column: object = json.loads("[" + ",".join(str(value) for value in values) + "]")
        elif field.name == "is_changed":
            column = [bool(value) for value in values]
        else:
            column = values
        arrays.append(pa.array(column, type=field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=WINDOW_SCHEMA)
