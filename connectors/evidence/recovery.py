"""Start-up after a crash: finish what the ledger has committed, remove what it has not.

A pending file is written inside the transaction that commits it, and recovery holds the ledger for writing: a
pending file that the ledger does not know by name and hash was left by a process that died.
"""

import sqlite3

from connectors.evidence.landing import PENDING, Landing
from connectors.evidence.parquet_file import sha256_of_file
from connectors.evidence.results import RecoveryReport


def pending_names(landing: Landing) -> list[str]:
    """Names of files that wait beside their place."""
    found = landing.folder.rglob("*" + PENDING)
    return sorted(path.relative_to(landing.folder).as_posix().removesuffix(PENDING) for path in found)


def obsolete_names(connection: sqlite3.Connection) -> list[str]:
    """Names of files that newer ones replace and that may still lie on disk."""
    return [row[0] for row in connection.execute("SELECT path FROM obsolete_files ORDER BY path").fetchall()]


def finish_and_clean(connection: sqlite3.Connection, landing: Landing) -> RecoveryReport:
    """Bring the folder to what the ledger says, inside an open ledger transaction."""
    finished, discarded = [], []
    for name in pending_names(landing):
        row = connection.execute("SELECT sha256 FROM evidence_files WHERE path = ?", (name,)).fetchone()
        try:
            is_committed = row is not None and sha256_of_file(landing.pending_path(name)).sha256 == row[0]
        except FileNotFoundError:
            continue  # the process that committed it has just moved it
        if is_committed:
            landing.move_into_place(name)
            finished.append(name)
        else:
            landing.discard_pending(name)
            discarded.append(name)
    return RecoveryReport(tuple(finished), tuple(discarded), remove_obsolete(connection, landing))


def remove_obsolete(connection: sqlite3.Connection, landing: Landing) -> tuple[str, ...]:
    """Delete replaced files, and forget them."""
    names = obsolete_names(connection)
    for name in names:
        landing.remove(name)
    connection.execute("DELETE FROM obsolete_files")
    return tuple(names)
