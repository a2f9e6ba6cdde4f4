"""Evidence's tables in the ledger's file. Bodies and headers stay in Parquet; URLs stand in cursors only."""

import sqlite3

_MARK = "evidence_files"
_TABLES = """
CREATE TABLE scopes (
    scope_id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    scope TEXT NOT NULL,
    UNIQUE (source, stream, scope)
) STRICT;
CREATE TABLE evidence_files (
    file_id INTEGER PRIMARY KEY,
    path TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    stream TEXT NOT NULL,
    first_log_index INTEGER NOT NULL,
    last_log_index INTEGER NOT NULL,
    pages INTEGER NOT NULL,
    records INTEGER NOT NULL,
    body_bytes INTEGER NOT NULL,
    file_bytes INTEGER NOT NULL,
    sha256 TEXT NOT NULL
) STRICT;
CREATE TABLE obsolete_files (path TEXT PRIMARY KEY) STRICT;
CREATE TABLE evidence_pages (
    log_index INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL,
    row_number INTEGER NOT NULL,
    body_sha256 BLOB NOT NULL
) STRICT;
CREATE INDEX evidence_pages_by_file ON evidence_pages (file_id);
CREATE TABLE salts (log_index INTEGER PRIMARY KEY, salt BLOB NOT NULL) STRICT;
CREATE TABLE fetch_windows (
    window_index INTEGER PRIMARY KEY,
    window_id TEXT NOT NULL,
    scope_id INTEGER NOT NULL,
    parent_key TEXT,
    requested_from INTEGER,
    requested_until INTEGER,
    started_at INTEGER NOT NULL,
    closed_at INTEGER NOT NULL,
    run_id TEXT NOT NULL,
    claimed_total INTEGER,
    record_count INTEGER NOT NULL,
    page_indexes TEXT NOT NULL,
    is_changed INTEGER NOT NULL
) STRICT;
CREATE INDEX fetch_windows_by_parent ON fetch_windows (scope_id, parent_key, window_index);
CREATE TABLE cursors (scope_id INTEGER PRIMARY KEY, state TEXT NOT NULL) STRICT;
CREATE TABLE validators (
    request_key TEXT PRIMARY KEY,
    etag TEXT,
    last_modified TEXT,
    log_index INTEGER NOT NULL,
    next_url TEXT,
    body_sha256 TEXT NOT NULL,
    record_count INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE parents (
    scope_id INTEGER NOT NULL,
    parent_key TEXT NOT NULL,
    version TEXT NOT NULL,
    attributes TEXT NOT NULL,
    PRIMARY KEY (scope_id, parent_key)
) STRICT, WITHOUT ROWID;
CREATE TABLE children_done (
    scope_id INTEGER NOT NULL,
    parent_key TEXT NOT NULL,
    version TEXT NOT NULL,
    PRIMARY KEY (scope_id, parent_key)
) STRICT, WITHOUT ROWID;
CREATE TABLE redactions (
    governance_index INTEGER PRIMARY KEY,
    log_index INTEGER NOT NULL
) STRICT;
"""


def has_tables(connection: sqlite3.Connection) -> bool:
    """Whether evidence was ever kept in this file."""
    query = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
    return connection.execute(query, (_MARK,)).fetchone() is not None


def create_tables(connection: sqlite3.Connection) -> None:
    """Create the tables where they are missing, inside the open transaction."""
    if not has_tables(connection):
        for statement in _TABLES.split(";"):
            if statement.strip():
                connection.execute(statement)


class ScopeIds:
    """Numbers of (source, stream, scope) inside one transaction, made where they are missing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._known: dict[tuple[str, str, str], int] = {}

    def of(self, source: str, stream: str, scope: str) -> int:
        """The scope's number."""
        key = (source, stream, scope)
        if key not in self._known:
            self._connection.execute(
                "INSERT OR IGNORE INTO scopes (source, stream, scope) VALUES (?, ?, ?)", key
            )
            self._known[key] = self._connection.execute(
                "SELECT scope_id FROM scopes WHERE source = ? AND stream = ? AND scope = ?", key
            ).fetchone()[0]
        return self._known[key]
