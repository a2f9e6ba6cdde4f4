"""Keeping Dagster's event history in step with a run: hundreds of events, each in its own connection.

Closing the last connection to an SQLite file in WAL mode copies the log back and waits for the disk twice. An
idle connection to each file, held for the length of a run, spares that. With the power the history may lose
the last events of a run; neither evidence nor ledger rests on it.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine


@contextmanager
def quick_history(folder: Path) -> Iterator[None]:
    """Make the writing of events below a folder quick for the length of the block."""
    held: dict[str, sqlite3.Connection] = {}
    root = str(folder.resolve())

    def connected(connection: Any, _record: Any) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        file = connection.execute("pragma database_list").fetchone()[2]
        if not file.startswith(root):
            return
        connection.execute("pragma synchronous = normal")
        if file not in held and connection.execute("pragma journal_mode").fetchone()[0] == "wal":
            held[file] = _idle(file)

    event.listen(Engine, "connect", connected)
    try:
        yield
    finally:
        event.remove(Engine, "connect", connected)
        for idle in held.values():
            idle.close()


def _idle(file: str) -> sqlite3.Connection:
    """Open a connection that has read once, and so keeps the log's shared memory alive."""
    connection = sqlite3.connect(file, check_same_thread=False)
    connection.execute("select count(*) from sqlite_master").fetchall()
    return connection
