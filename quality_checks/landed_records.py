"""Count what landed a second time, with another parser than the one that fills staging.

DuckDB parses the bodies for the models; msgspec (or a byte pattern, for `git log`) parses them here. Each
page is read once in its life: the counts and the hashed keys stay in the warehouse, and a later run reads
only the pages that came since. A page that does not parse stays counted as such until it is read anew.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, NamedTuple

import duckdb
import msgspec
import pyarrow as pa

from quality_checks.streams import STREAMS, StreamContract

ORDINAL_BITS = 23  # record_id = log_index << 23 | ordinal
RECORDS_HELD = 200_000
PAGES_TOGETHER = 16  # DuckDB never hands over less than a row group, which is cut small
_COMMIT = re.compile(rb"\x1e([0-9a-f]{40}(?:[0-9a-f]{24})?)\x1f")
_REFERENCE = re.compile(rb"\x1e([^\x1e\x1f]+)\x1f")

_TABLES = """
    create schema if not exists quality;
    create table if not exists quality.landed_pages (
        kind varchar, stream varchar, log_index bigint, counted bigint, is_parsed boolean
    );
    create table if not exists quality.landed_records (
        kind varchar, stream varchar, source varchar, record_id bigint, key ubigint
    );
"""

KeyReader = Callable[[bytes], list[str | None]]


def count_landed_records(con: duckdb.DuckDBPyConnection) -> int:
    """Bring `quality.landed_pages` and `quality.landed_records` up to the committed pages.

    Args:
        con: A writable connection to the warehouse with the `raw` views in place.

    Returns:
        How many pages were read now.
    """
    con.execute(_TABLES)
    return sum(_count_stream(con, contract) for contract in STREAMS if _exists(con, contract))


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
            keys = read(page.body)
        except (msgspec.DecodeError, ValueError):
            keep.unparsed(page.log_index)
            continue
        keep.parsed(page.log_index, page.source, [names.of(page, at, key) for at, key in enumerate(keys)])
    keep.flush()
    return keep.pages


class _Page(NamedTuple):
    log_index: int
    source: str
    scope: str
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
            return f"{page.source}\x1f{page.log_index}/{ordinal}"
        if self.contract.is_about_people:
            number = self.people.setdefault((page.window_id, key), len(self.people))
            return f"{page.window_id}\x1f{number}"
        return (
            f"{page.source}\x1f{page.scope}\x1f{key}"
            if self.contract.is_scoped
            else f"{page.source}\x1f{key}"
        )


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


def key_reader(contract: StreamContract) -> KeyReader:
    """A function from a body to the keys of its records, in their order; None where one may lack its key.

    The function raises `msgspec.DecodeError` (of which a wrong type is one) or `ValueError` where the body is
    not what the endpoint documents.
    """
    if contract.shape == "separated":
        pattern = _COMMIT if contract.stream == "commits" else _REFERENCE
        return lambda body: _separated(body, pattern)
    kept = (contract.key, int | str | None, None) if contract.is_key_optional else (contract.key, int | str)
    record = msgspec.defstruct("Record", [kept])
    key_of = attrgetter(contract.key)
    if contract.shape == "array_or_object":
        one_or_many = msgspec.json.Decoder(list[record] | record)  # type: ignore[valid-type]
        return lambda body: [_text(key_of(item)) for item in _listed(one_or_many.decode(body))]
    if contract.shape == "wrapped" and contract.wrapper is not None:
        page = msgspec.defstruct("Page", [(contract.wrapper, list[record])])  # type: ignore[valid-type]
        wrapped, list_of = msgspec.json.Decoder(page), attrgetter(contract.wrapper)
        return lambda body: [_text(key_of(item)) for item in list_of(wrapped.decode(body))]
    array = msgspec.json.Decoder(list[record])  # type: ignore[valid-type]
    return lambda body: [_text(key_of(item)) for item in array.decode(body)]


def _listed(found: Any) -> list[Any]:
    return found if isinstance(found, list) else [found]


def _text(key: int | str | None) -> str | None:
    return None if key is None else str(key)


def _separated(body: bytes, pattern: re.Pattern[bytes]) -> list[str | None]:
    if body.strip() and not body.startswith(b"\x1e"):
        raise ValueError("the page does not start with a record")
    return [found.decode("utf-8", "backslashreplace") for found in pattern.findall(body)]


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
