"""Count what landed a second time, with another parser than the one that fills staging.

DuckDB parses the bodies for the models; msgspec (or a byte pattern, for `git log`) parses them here. Each
page is read once in its life: the counts and the hashed keys stay in the warehouse, and a later run reads
only the pages that came since. A page that does not parse stays counted as such until it is read anew.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, cast

import duckdb
import msgspec
import pyarrow as pa

from quality_checks.page_reading import read_pages
from quality_checks.record_keys import BETWEEN_PARTS, key_reader, written
from quality_checks.streams import SCOPE, STREAMS, StreamContract

ORDINAL_BITS = 23  # record_id = log_index << 23 | ordinal
RECORDS_HELD = 200_000

_TABLES = """
    create schema if not exists quality;
    create table if not exists quality.landed_pages (
        kind varchar, stream varchar, log_index bigint, counted bigint, is_parsed boolean
    );
    create table if not exists quality.landed_records (
        kind varchar, stream varchar, source varchar, record_id bigint, key ubigint
    );
"""

_HELD = "select concat('raw.', table_name) from information_schema.tables where table_schema = 'raw'"


def count_landed_records(con: duckdb.DuckDBPyConnection, streams: Iterable[StreamContract] = STREAMS) -> int:
    """Bring `quality.landed_pages` and `quality.landed_records` up to the committed pages.

    Args:
        con: A writable connection to the warehouse with the `raw` views in place.
        streams: How the bodies of each stream look.

    Returns:
        How many pages were read now.
    """
    con.execute(_TABLES)
    held = {name for (name,) in con.execute(_HELD).fetchall()}
    read = [contract for contract in streams if contract.raw in held]
    _forget_other_streams(con, read)
    return sum(_count_stream(con, contract) for contract in read)


def _forget_other_streams(con: duckdb.DuckDBPyConnection, read: Iterable[StreamContract]) -> None:
    """Drop what was counted of streams that are no longer read: no source of their kind is left."""
    kept = " or ".join(f"({contract.is_of_stream})" for contract in read) or "false"
    for table in ("landed_pages", "landed_records"):
        con.execute(f"delete from quality.{table} where not ({kept})")


def _count_stream(con: duckdb.DuckDBPyConnection, contract: StreamContract) -> int:
    _forget_foreign_pages(con, contract)
    kept, names = _Kept(con, contract), _Names(contract)
    read = key_reader(contract)
    for page in _new_pages(con, contract):
        try:
            prefix, keys = names.of(page, read(page.body))
        except (msgspec.DecodeError, ValueError):
            kept.keep(_Counted(page.log_index, page.source, is_parsed=False))
            continue
        kept.keep(_Counted(page.log_index, page.source, is_parsed=True, prefix=prefix, keys=keys))
    kept.flush()
    return kept.pages


class _Page(NamedTuple):
    log_index: int
    source: str
    scope: str
    parent_key: str | None
    window_id: str
    body: memoryview


@dataclass(slots=True)
class _Names:
    """What makes a record's key unique in its stream; staging's side builds the same text where it compares.

    People are numbered within their window and never hashed: whoever knows an account's number could find it
    again by its hash.
    """

    contract: StreamContract
    people: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, page: _Page, keys: list[str | None]) -> tuple[str, list[str]]:
        """What the names of a page's records begin with, and how each goes on."""
        if self.contract.is_about_people:
            return "", [self._of_person(page, at, key) for at, key in enumerate(keys)]
        if not self.contract.record_parts:
            return BETWEEN_PARTS.join((page.source, *self._of_page(page))), [""] * len(keys)
        if None in keys:
            prefix = BETWEEN_PARTS.join((*self._of_page(page), ""))
            going_on = (
                _of_place(page, at) if key is None else f"{prefix}{key}" for at, key in enumerate(keys)
            )
            return f"{page.source}{BETWEEN_PARTS}", list(going_on)
        return BETWEEN_PARTS.join((page.source, *self._of_page(page), "")), cast("list[str]", keys)

    def _of_person(self, page: _Page, ordinal: int, key: str | None) -> str:
        if key is None:
            return f"{page.source}{BETWEEN_PARTS}{_of_place(page, ordinal)}"
        name = BETWEEN_PARTS.join((*self._of_page(page), key))
        number = self.people.setdefault((page.window_id, name), len(self.people))
        return f"{page.window_id}{BETWEEN_PARTS}{number}"

    def _of_page(self, page: _Page) -> Iterator[str]:
        for part in self.contract.page_parts:
            yield written(part.reading, page.scope if part.path == SCOPE else page.parent_key)


def _of_place(page: _Page, ordinal: int) -> str:
    """The name of a record that has no key: where it stands."""
    return f"{page.log_index}/{ordinal}"


def _new_pages(con: duckdb.DuckDBPyConnection, contract: StreamContract) -> Iterator[_Page]:
    """The pages that were not counted yet: nearly always those at the end of the log."""
    counted = f"select log_index from quality.landed_pages where {contract.is_of_stream}"
    missing = con.execute(
        f"select log_index from {contract.raw} where log_index not in ({counted}) order by log_index"
    )
    wanted = [log_index for (log_index,) in missing.fetchall()]
    *columns, _ = _Page._fields
    return map(_Page._make, read_pages(con, contract.raw, columns, wanted))


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


@dataclass(frozen=True, slots=True)
class _Counted:
    """A page and the names of its records."""

    log_index: int
    source: str
    is_parsed: bool
    prefix: str = ""
    keys: list[str] = field(default_factory=list)


_LOT = pa.schema(
    [
        ("log_index", pa.int64()),
        ("source", pa.string()),
        ("is_parsed", pa.bool_()),
        ("prefix", pa.string()),
        ("keys", pa.list_(pa.string())),
    ]
)


@dataclass(slots=True)
class _Kept:
    """Counts on their way into the warehouse, written in lots."""

    con: duckdb.DuckDBPyConnection
    contract: StreamContract
    pages: int = 0
    held: int = 0
    lot: list[_Counted] = field(default_factory=list)

    def keep(self, page: _Counted) -> None:
        self.lot.append(page)
        self.pages += 1
        self.held += len(page.keys)
        if self.held >= RECORDS_HELD:
            self.flush()

    def flush(self) -> None:
        """Write both in one transaction: a page is either counted with its records or not at all."""
        if not self.lot:
            return
        name = f"'{self.contract.kind}', '{self.contract.stream}'"
        columns = [[getattr(page, each) for page in self.lot] for each in _LOT.names]
        lot = pa.table(columns, schema=_LOT)
        self.con.register("landed_lot", lot)
        self.con.execute("begin")
        try:
            self.con.execute(
                f"insert into quality.landed_pages "
                f"select {name}, log_index, len(keys), is_parsed from landed_lot"
            )
            self.con.execute(
                f"insert into quality.landed_records select {name}, source, "
                f"(log_index << {ORDINAL_BITS}) + ordinal - 1, hash(prefix || key) "
                "from (select source, log_index, prefix, unnest(keys) as key, "
                "generate_subscripts(keys, 1) as ordinal from landed_lot)"
            )
        except BaseException:
            self.con.execute("rollback")
            raise
        finally:
            self.con.unregister("landed_lot")
        self.con.execute("commit")
        self.lot.clear()
        self.held = 0
