"""Evidence as Parquet: columns, row groups cut by body size, and a hash taken while writing.

Statistics are kept for log indexes only: those of other columns would carry text of the bodies into the
footer.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from connectors.evidence.arrow_columns import column_of
from connectors.evidence.commitments import canonical, microseconds
from connectors.evidence.pages import Page

ROW_GROUP_BODY_BYTES = 8 << 20  # PLATFORM: larger row groups are slower to parse and not flat in memory
SCHEMA = pa.schema(
    [
        pa.field("log_index", pa.int64(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("stream", pa.string(), nullable=False),
        pa.field("scope", pa.string(), nullable=False),
        pa.field("parent_key", pa.string()),
        pa.field("window_id", pa.string(), nullable=False),
        pa.field("sequence", pa.int32(), nullable=False),
        pa.field("method", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("status", pa.int32(), nullable=False),
        pa.field("headers", pa.string(), nullable=False),
        pa.field("fetched_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("run_id", pa.string(), nullable=False),
        pa.field("body_sha256", pa.string(), nullable=False),
        pa.field("record_count", pa.int32(), nullable=False),
        pa.field("body", pa.binary(), nullable=False),
    ],
)


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """Size and hex sha256 of a file that is durably on disk."""

    file_bytes: int
    sha256: str


def page_tables(pages: Sequence[Page], digests: Sequence[str], first_log_index: int) -> Iterator[pa.Table]:
    """The pages as tables of one row group each."""
    start, body_bytes = 0, 0
    for position, page in enumerate(pages):
        if body_bytes and body_bytes + len(page.body) > ROW_GROUP_BODY_BYTES:
            yield _table(pages[start:position], digests[start:position], first_log_index + start)
            start, body_bytes = position, 0
        body_bytes += len(page.body)
    yield _table(pages[start:], digests[start:], first_log_index + start)


def _table(pages: Sequence[Page], digests: Sequence[str], first_log_index: int) -> pa.Table:
    values: dict[str, Sequence[object]] = {
        name: [getattr(page, name) for page in pages] for name in SCHEMA.names if name in Page.__slots__
    }
    values["log_index"] = range(first_log_index, first_log_index + len(pages))
    values["headers"] = [headers_text(page) for page in pages]
    values["fetched_at"] = [microseconds(page.fetched_at) for page in pages]
    values["body_sha256"] = digests
    return table_of(values)


def table_of(values: Mapping[str, Sequence[object]]) -> pa.Table:
    """An evidence table from a sequence of values per column, with instants as microseconds."""
    columns = [column_of(values[field.name], field.type) for field in SCHEMA]
    return pa.Table.from_arrays(columns, schema=SCHEMA)


def rows_of(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of an evidence table, instants as microseconds: Arrow would import pandas to make instants."""
    at = table.schema.get_field_index("fetched_at")
    if at >= 0:
        table = table.set_column(at, "fetched_at", table["fetched_at"].cast(pa.int64()))
    return list(table.to_pylist())


def headers_text(page: Page) -> str:
    """The page's headers as canonical JSON, as they stand in the file and in the commitment."""
    return canonical(dict(page.headers)).decode()


class _HashingFile:
    """A file that hashes what is written to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._position = 0
        self.closed = False

    def write(self, chunk: bytes) -> int:
        self._digest.update(chunk)
        self._position += len(chunk)
        return self._file.write(chunk)

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self.closed = True

    def written(self) -> WrittenFile:
        return WrittenFile(self._position, self._digest.hexdigest())


def write_parquet(path: Path, tables: Iterable[pa.Table]) -> WrittenFile:
    """Write tables as row groups to a new file and make its content durable."""
    with path.open("wb") as file:
        sink = _HashingFile(file)
        with pq.ParquetWriter(
            sink,
            SCHEMA,
            compression="zstd",
            compression_level=1,
            use_dictionary=[field.name for field in SCHEMA if pa.types.is_string(field.type)],
            write_statistics=["log_index"],
            store_schema=False,
        ) as writer:
            for table in tables:
                writer.write_table(table, row_group_size=max(table.num_rows, 1))
        file.flush()
        os.fsync(file.fileno())
    return sink.written()


def sha256_of_file(path: Path) -> WrittenFile:
    """Size and hash of a file as it lies on disk."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return WrittenFile(file.tell(), digest.hexdigest())
