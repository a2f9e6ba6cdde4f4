"""Values of staging against the records that they come from, read by a second parser in a sample of pages.

DuckDB reads bodies for the models; msgspec reads them here, at the place that a row's `record_id` names.
Counts and keys say that each record has arrived; only its values show whether a column was read from the
wrong field, in another time zone, or from an older version. Of each stream as many records are compared
however long its history is: those of the newest pages, and of pages in a row that begin at a place which
hangs on how many there are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb
import msgspec
import pyarrow as pa

from quality_checks.landed_records import ORDINAL_BITS
from quality_checks.record_keys import record_reader, value_at, written
from quality_checks.streams import KeyPart, StreamContract

RECORDS_COMPARED: Final = 150
"""Of the newest pages, and as many of others."""
VERSIONS_COMPARED: Final = 50
"""Of each stream, rows of which a newer record has landed."""
_ORDINALS: Final = (1 << ORDINAL_BITS) - 1

_TABLES: Final = """
    create schema if not exists quality;
    create or replace table quality.staged_values (
        subject varchar, record_id bigint, compared_count bigint, differing_columns varchar[]
    );
    create or replace table quality.superseded_rows (
        subject varchar, record_id bigint, newer_record_id bigint
    );
"""


def compare_staged_values(con: duckdb.DuckDBPyConnection, streams: Iterable[StreamContract]) -> None:
    """Write `quality.staged_values` and `quality.superseded_rows`.

    Args:
        con: A writable connection to the warehouse; `quality.landed_records` is up to date.
        streams: Where the values of each stream stand.
    """
    con.execute(_TABLES)
    relations = {
        f"{schema}.{table}"
        for schema, table in con.execute(
            "select table_schema, table_name from information_schema.tables "
            "where table_schema in ('raw', 'staging')"
        ).fetchall()
    }
    for contract in streams:
        if contract.values and {contract.raw, contract.staging} <= relations:
            sample = _Sample(con, contract, _compared(con, contract))
            sample.compare()
            if has_versions(contract):
                sample.look_for_newer()


def has_versions(contract: StreamContract) -> bool:
    """Whether rows stand for the newest of several records, and keys tell which these are."""
    return contract.mode == "upsert" and contract.is_row_per_record and not contract.is_about_people


def _compared(con: duckdb.DuckDBPyConnection, contract: StreamContract) -> tuple[KeyPart, ...]:
    """The values of which staging has columns, the parts of the key first."""
    held = {str(row[0]) for row in con.execute(f"describe {contract.staging}").fetchall()}
    has_keys = not (contract.is_about_people or contract.is_key_optional or contract.shape == "separated")
    parts = {part.staged: part for part in (*(contract.record_parts if has_keys else ()), *contract.values)}
    return tuple(part for part in parts.values() if part.staged in held and part.reading != "json")


@dataclass(frozen=True, slots=True)
class _Sample:
    """The records of one stream that are read again."""

    con: duckdb.DuckDBPyConnection
    contract: StreamContract
    parts: tuple[KeyPart, ...]

    def compare(self) -> None:
        """Compare the values of the sampled pages' rows."""
        if not self.parts:
            return
        landed = self._read(self._pages(), self.parts)
        if landed is None:
            return
        differing = ", ".join(
            f"case when landed.{_name(at)} is distinct from {_staged(part)} then '{part.staged}' end"
            for at, part in enumerate(self.parts)
        )
        self.con.register("landed_values", landed)
        self.con.execute(f"""
            insert into quality.staged_values
            select '{self.contract.staging}', record_id, {len(self.parts)},
                list_filter([{differing}], lambda name: name is not null)
            from landed_values as landed
            inner join {self.contract.staging} as staged using (record_id)
        """)
        self.con.unregister("landed_values")

    def look_for_newer(self) -> None:
        """Find rows that are not the newest version of their record, by its last update where it has one."""
        updated = next((part for part in self.parts if part.staged == "source_updated_at"), None)
        staged = "staged.source_updated_at" if updated else "null::timestamptz"
        parts = ", ".join(
            part.staged_text for part in (*self.contract.page_parts, *self.contract.record_parts)
        )
        rows = self.con.execute(f"""
            select staged.record_id, newest.record_id, epoch_us({staged})
            from {self.contract.staging} as staged
            inner join (
                select key, max(record_id) as record_id
                from quality.landed_records
                where {self.contract.is_of_stream}
                group by key
            ) as newest on newest.key = hash(concat_ws(chr(31), source, {parts}))
            where newest.record_id > staged.record_id
            order by newest.record_id desc
            limit {VERSIONS_COMPARED}
        """).fetchall()
        self._keep_superseded(rows, updated)

    def _keep_superseded(self, rows: Sequence[tuple[Any, ...]], updated: KeyPart | None) -> None:
        """Keep the rows whose newer record says something else and was not updated earlier.

        A list that is read with an overlap brings records again that are as they were: no news for a build.
        """
        landed = self._read({each >> ORDINAL_BITS for row in rows for each in row[:2]}, self.parts)
        columns = [column.to_pylist() for column in landed.columns] if landed else []
        told = {record_id: values for record_id, *values in zip(*columns, strict=True)}
        for record_id, newer, moment in rows:
            before, after = told.get(record_id), told.get(newer)
            if before is not None and before == after:
                continue
            moved = after[self.parts.index(updated)] if after and updated else None
            if moment is None or moved is None or int(moved) >= moment:
                self.con.execute(
                    "insert into quality.superseded_rows values (?, ?, ?)",
                    [self.contract.staging, record_id, newer],
                )

    def _pages(self) -> set[int]:
        """The pages of the sample: in rows, so that they lie together in their files."""
        found = self.con.execute(f"""
            with pages as (
                select record_id >> {ORDINAL_BITS} as log_index, count(*)::bigint as records
                from {self.contract.staging}
                group by 1
            ),
            placed as (
                select
                    *, sum(records) over (order by log_index desc) as newest,
                    sum(records) over (order by log_index) as so_far, sum(records) over () as total
                from pages
            )
            select log_index
            from placed
            where newest - records < {RECORDS_COMPARED} or (
                so_far > hash(total) % total::ubigint
                and so_far - records < hash(total) % total::ubigint + {RECORDS_COMPARED}
            )
        """).fetchall()
        return {int(log_index) for (log_index,) in found}

    def _read(self, pages: Iterable[int], parts: Sequence[KeyPart]) -> pa.Table | None:
        """Read values of every record of some pages, as texts beside its address; None of no page."""
        rows = list(self._records(sorted(pages), parts))
        if not rows:
            return None
        names = ("record_id", *(_name(at) for at in range(len(parts))))
        types = (pa.int64(), *(pa.string() for _ in parts))
        columns = zip(names, types, zip(*rows, strict=True), strict=True)
        return pa.table({name: pa.array(values, kind) for name, kind, values in columns})

    def _records(self, pages: Sequence[int], parts: Sequence[KeyPart]) -> Iterator[tuple[Any, ...]]:
        read = record_reader(self.contract)
        for log_index, body in self._bodies(pages):
            try:
                records = read(body)
            except (msgspec.DecodeError, ValueError):
                continue  # `pages_parse` says so
            for ordinal, record in enumerate(records[: _ORDINALS + 1]):
                yield (log_index << ORDINAL_BITS | ordinal, *(_text(record, part) for part in parts))

    def _bodies(self, pages: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        """The bodies of pages without those of which something was blanked."""
        for run in _runs(pages):
            listed = ", ".join(map(str, run))
            yield from self.con.execute(f"""
                select log_index, body
                from {self.contract.raw}
                where log_index between {run[0]} and {run[-1]} and log_index in ({listed})
                    and log_index not in (select log_index from raw.redactions)
            """).fetchall()


def _runs(pages: Sequence[int]) -> Iterator[list[int]]:
    """Cut pages where there is a wide gap, so that what lies between is not read."""
    run: list[int] = []
    for log_index in pages:
        if run and log_index - run[-1] > RECORDS_COMPARED:
            yield run
            run = []
        run.append(log_index)
    if run:
        yield run


def _name(at: int) -> str:
    return f"value_{at}"


def _staged(part: KeyPart) -> str:
    """A column as the same text that `_text` gives of the record's value."""
    return f"lower(({part.staged_text.replace(part.staged, f'staged.{part.staged}')})::varchar)"


def _text(record: Any, part: KeyPart) -> str | None:
    """A value as text, without case; None where there is none that the column could have."""
    value = value_at(record, part.path)
    try:
        return None if value is None else written(part.reading, value).lower()
    except (ValueError, OverflowError):
        return None
