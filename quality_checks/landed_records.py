"""Count what landed a second time, with another parser than the one that fills staging.

DuckDB parses the bodies for the models; msgspec (or a byte pattern, for `git log`) parses them here. Each
page is read once in its life: the counts and the hashed keys stay in the warehouse, and a later run reads
only the pages that came since. A page that does not parse stays counted as such until it is read anew.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import duckdb
import msgspec
import pyarrow as pa

from quality_checks.record_keys import BETWEEN_PARTS, key_reader, written
from quality_checks.streams import SCOPE, STREAMS, StreamContract

ORDINAL_BITS = 23  # record_id = log_index << 23 | ordinal
RECORDS_HELD = 200_000
PAGES_TOGETHER = 16  # DuckDB never hands over less than a row group, which is cut small

_TABLES = """
    create schema if not exists quality;
    create table if not exists quality.landed_pages (
        kind varchar, stream varchar, log_index bigint, counted bigint, is_parsed boolean
    );
    create table if not exists quality.landed_records (
        kind varchar, stream varchar, source varchar, record_id bigint, key ubigint
    );
"""


def count_landed_records(con: duckdb.DuckDBPyConnection, streams: Iterable[StreamContract] = STREAMS) -> int:
    """Bring `quality.landed_pages` and `quality.landed_records` up to the committed pages.

    Args:
        con: A writable connection to the warehouse with the `raw` views in place.
        streams: How the bodies of each stream look.

    Returns:
        How many pages were read now.
    """
    con.execute(_TABLES)
    read = [contract for contract in streams if _exists(con, contract)]
    _forget_other_streams(con, read)
    return sum(_count_stream(con, contract) for contract in read)


def _forget_other_streams(con: duckdb.DuckDBPyConnection, read: Iterable[StreamContract]) -> None:
    """Drop what was counted of streams that are no longer read: no source of their kind is left."""
    kept = " or ".join(f"({contract.is_of_stream})" for contract in read) or "false"
    for table in ("landed_pages", "landed_records"):
        con.execute(f"delete from quality.{table} where not ({kept})")


def _exists(con: duckdb.DuckDBPyConnection, contract: StreamContract) -> bool:
    found = con.execute(
        "select 1 from information_schema.tables where table_schema = 'raw' and table_name = ?",
        [f"{contract.kind}__{contract.stream}"],
    ).fetchone()
    return found is not None


def _count_stream(con: duckdb.DuckDBPyConnection, contract: StreamContract) -> int:
    _forget_foreign_pages(con, contract)
    keep, names = _Kept(con, contract), _Names(contract)
    read = key_reader(contract)
    for page in _new_pages(con, contract):
        try:
            keys = [names.of(page, at, key) for at, key in enumerate(read(page.body))]
        except (msgspec.DecodeError, ValueError):
            keep.unparsed(page.log_index)
            continue
        keep.parsed(page.log_index, page.source, keys)
    keep.flush()
    return keep.pages


class _Page(NamedTuple):
    log_index: int
    source: str
    scope: str
    parent_key: str | None
    window_id: str
    body: bytes


@dataclass(slots=True)
class _Names:
    """What makes a record's key unique in its stream; staging's side builds the same text where it compares.

    People are numbered within their window and never hashed: whoever knows an account's number could find it
    again by its hash.
    """

    contract: StreamContract
    people: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, page: _Page, ordinal: int, key: str | None) -> str:
        if key is None:
            return f"{page.source}{BETWEEN_PARTS}{page.log_index}/{ordinal}"
        if self.contract.is_about_people:
            name = BETWEEN_PARTS.join((*self._of_page(page), key))
            number = self.people.setdefault((page.window_id, name), len(self.people))
            return f"{page.window_id}{BETWEEN_PARTS}{number}"
        of_record = (key,) if self.contract.record_parts else ()
        return BETWEEN_PARTS.join((page.source, *self._of_page(page), *of_record))

    def _of_page(self, page: _Page) -> Iterator[str]:
        for part in self.contract.page_parts:
            yield written(part.reading, page.scope if part.path == SCOPE else page.parent_key)


def _new_pages(con: duckdb.DuckDBPyConnection, contract: StreamContract) -> Iterator[_Page]:
    """The pages that were not counted yet: nearly always those at the end of the log."""
    counted = f"select log_index from quality.landed_pages where {contract.is_of_stream}"
    missing = f"from {contract.raw} where log_index not in ({counted})"
    row = con.execute(f"select min(log_index) {missing}").fetchone()
    if row is None or row[0] is None:
        return
    # a literal, so that whole Parquet row groups are skipped
    query = f"select {', '.join(_Page._fields)} {missing} and log_index >= {int(row[0])}"
    with con.cursor() as reader:  # rows are inserted on `con` while this one streams
        for batch in reader.execute(query).to_arrow_reader(PAGES_TOGETHER):
            columns = (column.to_pylist() for column in batch.columns)
            yield from map(_Page._make, zip(*columns, strict=True))


def _forget_foreign_pages(con: duckdb.DuckDBPyConnection, contract: StreamContract) -> None:
    """Drop what was counted of pages that are no longer read: their source has left the settings."""
    for table, log_index in (
        ("landed_pages", "log_index"),
        ("landed_records", f"record_id >> {ORDINAL_BITS}"),
    ):
        con.execute(
            f"delete from quality.{table} where {contract.is_of_stream} "
            f"and {log_index} not in (select log_index from {contract.raw})"
        )


@dataclass(slots=True)
class _Kept:
    """Counts on their way into the warehouse, written in lots."""

    con: duckdb.DuckDBPyConnection
    contract: StreamContract
    pages: int = 0
    counts: list[tuple[int, int, bool]] = field(default_factory=list)
    records: list[tuple[str, int, str]] = field(default_factory=list)

    def unparsed(self, log_index: int) -> None:
        self._count(log_index, 0, is_parsed=False)

    def parsed(self, log_index: int, source: str, keys: Iterable[str]) -> None:
        first = log_index << ORDINAL_BITS
        before = len(self.records)
        self.records.extend((source, first + ordinal, key) for ordinal, key in enumerate(keys))
        self._count(log_index, len(self.records) - before, is_parsed=True)
        if len(self.records) >= RECORDS_HELD:
            self.flush()

    def _count(self, log_index: int, counted: int, *, is_parsed: bool) -> None:
        self.pages += 1
        self.counts.append((log_index, counted, is_parsed))

    def flush(self) -> None:
        """Write both lots in one transaction: a page is either counted with its records or not at all."""
        name = f"'{self.contract.kind}', '{self.contract.stream}'"
        self.con.execute("begin")
        try:
            self._insert("landed_pages", ("log_index", "counted", "is_parsed"), self.counts, f"{name}, *")
            self._insert(
                "landed_records",
                ("source", "record_id", "key"),
                self.records,
                f"{name}, source, record_id, hash(key)",
            )
        except BaseException:
            self.con.execute("rollback")
            raise
        self.con.execute("commit")
        self.counts.clear()
        self.records.clear()

    def _insert(
        self, table: str, names: tuple[str, ...], rows: Sequence[tuple[object, ...]], columns: str
    ) -> None:
        if not rows:
            return
        lot = pa.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))
        self.con.register("landed_lot", lot)
        self.con.execute(f"insert into quality.{table} select {columns} from landed_lot")
        self.con.unregister("landed_lot")
