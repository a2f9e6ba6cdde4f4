"""Replacing committed files by one new file, in the same ledger transaction that says so.

The new file has a name of its own, so whoever reads meanwhile finds the old file or none, never half of the
rows. The old ones are listed as obsolete in the transaction and deleted after it.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.evidence.errors import EvidenceDamagedError
from connectors.evidence.landing import Landing
from connectors.evidence.parquet_file import sha256_of_file


@dataclass(frozen=True, slots=True)
class FileRow:
    """A committed file as the ledger knows it."""

    file_id: int
    path: str
    source: str
    stream: str
    first_log_index: int
    last_log_index: int
    pages: int
    records: int
    body_bytes: int
    file_bytes: int
    sha256: str


def file_rows(
    connection: sqlite3.Connection, where: str, parameters: tuple[object, ...] = ()
) -> list[FileRow]:
    """Committed files in log order; `where` is a condition on the table's columns."""
    columns = ", ".join(FileRow.__slots__)
    query = f"SELECT {columns} FROM evidence_files WHERE {where} ORDER BY source, stream, first_log_index"
    return [FileRow(*row) for row in connection.execute(query, parameters).fetchall()]


def free_name(connection: sqlite3.Connection, landing: Landing, row: FileRow) -> str:
    """A name for the file that replaces this one and perhaps later ones."""
    taken = connection.execute(
        "SELECT path FROM evidence_files UNION SELECT path FROM obsolete_files"
    ).fetchall()
    return landing.new_name(row.source, row.stream, row.first_log_index, (name for (name,) in taken))


def checked_row_groups(landing: Landing, rows: Iterable[FileRow]) -> Iterator[pa.Table]:
    """The row groups of files that are still as they were committed: damage must not get a new, valid hash.

    Raises:
        EvidenceDamagedError: a file is missing or not the one that was committed.
    """
    for row in rows:
        path = landing.path(row.path)
        if not path.exists() or sha256_of_file(path).sha256 != row.sha256:
            raise EvidenceDamagedError(
                f"{row.path} is missing or not as it was committed; it cannot be rewritten"
            )
        yield from row_groups(path)


def row_groups(path: Path) -> Iterator[pa.Table]:
    """The row groups of a file, one at a time."""
    with pq.ParquetFile(path) as file:
        for group in range(file.metadata.num_row_groups):
            yield file.read_row_group(group, use_threads=False)


def row_groups_ahead(path: Path) -> Iterator[pa.Table]:
    """The row groups of a file, each unpacked while the one before is being worked on."""
    groups = row_groups(path)
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, groups, None)
        while (table := coming.result()) is not None:
            coming = reader.submit(next, groups, None)
            yield table


def mark_obsolete(connection: sqlite3.Connection, names: Iterable[str]) -> None:
    """List files that the transaction replaces."""
    connection.executemany("INSERT OR IGNORE INTO obsolete_files VALUES (?)", [(name,) for name in names])
