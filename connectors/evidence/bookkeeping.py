"""Questions to evidence's tables: where to continue, what is known, which files are committed."""

import json
import sqlite3
from pathlib import Path
from typing import Any

from connectors.evidence.pages import ParentVersion, Validator
from connectors.evidence.results import EvidenceFile, StreamTotals

_FILE_COLUMNS = (
    "path, source, stream, first_log_index, last_log_index, pages, records, body_bytes, file_bytes, sha256"
)


def cursor_state(
    connection: sqlite3.Connection, source: str, stream: str, scope: str
) -> dict[str, Any] | None:
    """The state that the stream's engine left, or None where it never ran."""
    row = connection.execute(
        "SELECT state FROM cursors JOIN scopes USING (scope_id)"
        " WHERE source = ? AND stream = ? AND scope = ?",
        (source, stream, scope),
    ).fetchone()
    return None if row is None else dict(json.loads(row[0]))


def cursor_states(connection: sqlite3.Connection, source: str, stream: str) -> dict[str, dict[str, Any]]:
    """The states that the stream's engine left, by scope."""
    rows = connection.execute(
        "SELECT scope, state FROM cursors JOIN scopes USING (scope_id) WHERE source = ? AND stream = ?",
        (source, stream),
    ).fetchall()
    return {scope: dict(json.loads(state)) for scope, state in rows}


def validator_of(connection: sqlite3.Connection, request_key: str) -> Validator | None:
    """What the same request was answered the last time."""
    row = connection.execute(
        "SELECT request_key, etag, last_modified, log_index, next_url, body_sha256, record_count"
        " FROM validators WHERE request_key = ?",
        (request_key,),
    ).fetchone()
    return None if row is None else Validator(*row)


def pending_parents(
    connection: sqlite3.Connection, *, source: str, parent_stream: str, child_stream: str, scope: str | None
) -> list[ParentVersion]:
    """Parents whose children were never fetched, or for another version; in the order of their keys."""
    rows = connection.execute(
        "SELECT p.scope, parents.parent_key, parents.version, parents.attributes"
        " FROM scopes AS p JOIN parents ON parents.scope_id = p.scope_id"
        " LEFT JOIN scopes AS c ON c.source = p.source AND c.stream = :child AND c.scope = p.scope"
        " LEFT JOIN children_done AS done"
        " ON done.scope_id = c.scope_id AND done.parent_key = parents.parent_key"
        " WHERE p.source = :source AND p.stream = :parent AND (:scope IS NULL OR p.scope = :scope)"
        " AND (done.version IS NULL OR done.version <> parents.version)"
        " ORDER BY p.scope, length(parents.parent_key), parents.parent_key",
        {"source": source, "parent": parent_stream, "child": child_stream, "scope": scope},
    ).fetchall()
    return [
        ParentVersion(source, parent_stream, of_scope, key, version, json.loads(attributes))
        for of_scope, key, version, attributes in rows
    ]


def parents(connection: sqlite3.Connection, source: str, stream: str, scope: str) -> list[ParentVersion]:
    """All parents that the stream recorded in the scope, in the order of their keys."""
    rows = connection.execute(
        "SELECT parent_key, version, attributes FROM parents JOIN scopes USING (scope_id)"
        " WHERE source = ? AND stream = ? AND scope = ? ORDER BY length(parent_key), parent_key",
        (source, stream, scope),
    ).fetchall()
    return [
        ParentVersion(source, stream, scope, key, version, json.loads(attributes))
        for key, version, attributes in rows
    ]


def known_keys(connection: sqlite3.Connection, source: str, stream: str, scope: str) -> set[str]:
    """Keys of all parents that the stream recorded in the scope."""
    rows = connection.execute(
        "SELECT parent_key FROM parents JOIN scopes USING (scope_id) "
        " WHERE source = ? AND stream = ? AND scope = ?",
        (source, stream, scope),
    ).fetchall()
    return {row[0] for row in rows}


def committed_files(connection: sqlite3.Connection, folder: Path, log_size: int | None) -> list[EvidenceFile]:
    """The files with pages below the log size, in log order."""
    rows = connection.execute(
        f"SELECT {_FILE_COLUMNS} FROM evidence_files WHERE ? IS NULL OR first_log_index < ?"
        " ORDER BY source, stream, first_log_index",
        (log_size, log_size),
    ).fetchall()
    return [EvidenceFile(folder / row[0], *row[1:]) for row in rows]


def stream_totals(connection: sqlite3.Connection) -> list[StreamTotals]:
    """Files, pages, records and bytes per source and stream."""
    rows = connection.execute(
        "SELECT source, stream, count(*), sum(pages), sum(records), sum(body_bytes), sum(file_bytes)"
        " FROM evidence_files GROUP BY source, stream ORDER BY source, stream",
    ).fetchall()
    return [StreamTotals(*row) for row in rows]
