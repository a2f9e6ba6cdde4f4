"""Merging small files of frequent runs, without touching a body or a log index."""

import sqlite3
from collections.abc import Iterable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from connectors.evidence.committing import insert_file
from connectors.evidence.landing import Landing
from connectors.evidence.parquet_file import ROW_GROUP_BODY_BYTES, WrittenFile
from connectors.evidence.replacing import FileRow, checked_row_groups, file_rows, free_name, mark_obsolete


def groups_to_merge(rows: list[FileRow], *, target_bytes: int, least_files: int) -> list[list[FileRow]]:
    """Neighbouring files that are small on disk, gathered up to the target size.

    Args:
        rows: the stream's files in log order.
        target_bytes: files of at least half this size are left alone; merged ones end near it.
        least_files: fewer neighbours than this are not worth rewriting.
    """
    groups: list[list[FileRow]] = [[]]
    size = 0
    for row in rows:
        is_large = row.file_bytes * 2 >= target_bytes
        if is_large or size + row.file_bytes > target_bytes:
            groups.append([])
            size = 0
        if not is_large:
            groups[-1].append(row)
            size += row.file_bytes
    return [group for group in groups if len(group) >= max(least_files, 2)]


def merge_files(connection: sqlite3.Connection, landing: Landing, rows: list[FileRow]) -> str | None:
    """Write the merged file and put it into the ledger in place of the old ones, inside an open transaction.

    Returns:
        The name that the caller moves into place after the commit; None where another process was quicker.
    """
    if any(file_rows(connection, "file_id = ?", (row.file_id,)) != [row] for row in rows):
        return None
    name = free_name(connection, landing, rows[0])
    with landing.written(name, _regrouped(checked_row_groups(landing, rows))) as written:
        _replace_rows(connection, rows, name, written)
        landing.on_step("rows written")
    return name


def _replace_rows(
    connection: sqlite3.Connection, rows: list[FileRow], name: str, written: WrittenFile
) -> None:
    first = rows[0]
    file_id = insert_file(
        connection,
        (
            name,
            first.source,
            first.stream,
            first.first_log_index,
            rows[-1].last_log_index,
            sum(row.pages for row in rows),
            sum(row.records for row in rows),
            sum(row.body_bytes for row in rows),
            written.file_bytes,
            written.sha256,
        ),
    )
    offset = 0
    for row in rows:
        connection.execute(
            "UPDATE evidence_pages SET file_id = ?, row_number = row_number + ? WHERE file_id = ?",
            (file_id, offset, row.file_id),
        )
        connection.execute("DELETE FROM evidence_files WHERE file_id = ?", (row.file_id,))
        offset += row.pages
    mark_obsolete(connection, (row.path for row in rows))


def _regrouped(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Row groups of about the size that parsers like, from many small ones."""
    gathered: list[pa.Table] = []
    size = 0
    for table in tables:
        body_bytes = pc.sum(pc.binary_length(table["body"])).as_py() or 0
        if gathered and size + body_bytes > ROW_GROUP_BODY_BYTES:
            yield pa.concat_tables(gathered).combine_chunks()
            gathered, size = [], 0
        gathered.append(table)
        size += body_bytes
    if gathered:
        yield pa.concat_tables(gathered).combine_chunks()
