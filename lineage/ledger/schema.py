"""The ledger's tables and connections."""

import os
import sqlite3
from pathlib import Path

from lineage.ledger.errors import LedgerBusyError, LedgerError, LedgerFileError

LOGS = ("payload", "governance")
SCHEMA_VERSION = 2  # 2 adds what others say of checkpoints
_APPLICATION_ID = 0x41535359  # "ASSY", so that `file` and others can tell what it is

_LOG_TABLES = """
CREATE TABLE {log}_leaves (leaf_index INTEGER PRIMARY KEY, leaf BLOB NOT NULL, hash BLOB NOT NULL) STRICT;
CREATE TABLE {log}_nodes (number INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT;
"""
_CHECKPOINTS = """
CREATE TABLE checkpoints (
    checkpoint_id INTEGER PRIMARY KEY,
    log TEXT NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    note TEXT NOT NULL,
    verifier_key TEXT NOT NULL,
    signed_at TEXT NOT NULL,
    UNIQUE (log, size, verifier_key)
) STRICT;
"""
_ENDORSEMENTS = """
CREATE TABLE cosignatures (
    log TEXT NOT NULL,
    size INTEGER NOT NULL,
    root BLOB NOT NULL,
    witness_key TEXT NOT NULL,
    line TEXT NOT NULL,
    cosigned_at TEXT NOT NULL,
    PRIMARY KEY (log, size, witness_key)
) STRICT;
CREATE TABLE anchors (
    anchor_id INTEGER PRIMARY KEY,
    log TEXT NOT NULL,
    size INTEGER NOT NULL,
    note TEXT NOT NULL,
    token BLOB NOT NULL,
    authority TEXT NOT NULL,
    stamped_at TEXT NOT NULL,
    UNIQUE (note, authority)
) STRICT;
"""


def check_log(log: str) -> str:
    """The name of a log, for use in a table's name.

    Raises:
        LedgerError: there is no such log.
    """
    if log not in LOGS:
        raise LedgerError(f"there is no log {log!r}; the logs are {', '.join(LOGS)}")
    return log


def create_tables(connection: sqlite3.Connection, *, from_version: int = 0) -> None:
    """Create the tables that a ledger of an earlier layout lacks, inside the transaction that is open."""
    script = _ENDORSEMENTS
    if from_version == 0:
        script = "".join(_LOG_TABLES.format(log=log) for log in LOGS) + _CHECKPOINTS + script
    for statement in script.split(";"):
        if statement.strip():
            connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def schema_version(connection: sqlite3.Connection) -> int:
    """0 for a new file.

    Raises:
        LedgerFileError: a newer version of the product wrote the file.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > SCHEMA_VERSION:
        raise LedgerFileError(
            f"the ledger has layout {version}, not {SCHEMA_VERSION}; use the version of Assay that wrote it",
        )
    return version


def connect(
    path: Path, *, mode: str, busy_timeout_seconds: float, is_immutable: bool = False
) -> sqlite3.Connection:
    """Open the ledger's file; transactions are explicit.

    Args:
        path: the SQLite file.
        mode: `ro`, `rw`, `rwc` (create), or `query`: no statement may write, but what a crash left half
        done is
            rolled back where the folder can be written to.
        busy_timeout_seconds: how long to wait for another process.
        is_immutable: read without locks and without a journal, for a file whose journal cannot be trusted.
    """
    is_reading = mode in ("ro", "query")
    if mode == "query":
        mode = "rw" if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK) else "ro"
    uri = f"{path.resolve().as_uri()}?mode={mode}" + ("&immutable=1" if is_immutable else "")
    try:
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_timeout_seconds, isolation_level=None, check_same_thread=False
        )
    except sqlite3.Error as error:
        raise as_ledger_error(error, path) from error
    pragmas = ["trusted_schema = OFF", "cell_size_check = ON", "temp_store = MEMORY", "cache_size = -32768"]
    if is_reading:
        pragmas += ["query_only = ON"]
    else:
        # secure_delete: a destroyed salt must not survive in a free page.
        # cache_spill: writing ahead of the commit would lock readers out, the transaction's own among them.
        pragmas += ["synchronous = FULL", "secure_delete = ON", "cache_spill = OFF"]
    for pragma in pragmas:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def as_ledger_error(error: sqlite3.Error, path: Path) -> LedgerError:
    """An SQLite error as one that says what to do next."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LedgerBusyError(
            f"another process is writing to {path.name}; try again when it has finished ({error})"
        )
    return LedgerFileError(f"cannot use the ledger {path}: {error}; `assay verify` names what is damaged")
