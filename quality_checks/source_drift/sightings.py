"""What the pages of each source bring: which fields, of which types, where first and last.

`quality.field_sightings` holds one row per source, stream, path, JSON type and, of declared enumerations,
value that no declaration knows. Values of fields are never kept. `quality.field_days` counts, for the fields
that staging reads, how many records of a day's pages lack them. Each page is read once at most (see
`PAGES_OF_A_DAY`): a later run reads only those that came since and ends in the rows of one reading of all.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple

import duckdb
import pyarrow as pa

from quality_checks.page_reading import read_pages
from quality_checks.source_drift.contracts import (
    ANY_KEY,
    ITEM,
    FieldPath,
    SourceContract,
    written_path,
)
from quality_checks.source_drift.keys import KEYS_OF_ONE_OBJECT, general_key
from quality_checks.source_drift.shapes import ITSELF, Seen, ShapeBook, contract_tree, fields_of
from quality_checks.source_drift.values import SightingKey, judged_values

VERSION: Final = "4"  # of the rules by which pages are sighted: another one reads every page anew
PAGES_OF_A_DAY: Final = 200
"""So many pages that one day brings of a stream are all read, and of those after them every sixteenth."""
PAGES_OF_A_LONG_DAY: Final = 2_000
"""After so many of one day, every sixty-fourth is read."""
_EVERY, _EVERY_OF_A_LONG_DAY = 16, 64
SHAPES_HELD: Final = 50_000
_TABLES = """
    create schema if not exists quality;
    create table if not exists quality.field_sightings (
        source varchar, kind varchar, stream varchar, json_path varchar, parent_path varchar,
        json_type varchar, value varchar, is_staged boolean, is_lost boolean,
        first_log_index bigint, first_record_id bigint,
        first_seen_at timestamptz, last_log_index bigint, record_count bigint
    );
    create table if not exists quality.field_days (
        source varchar, kind varchar, stream varchar, json_path varchar, fetched_date date,
        first_log_index bigint, first_record_id bigint, record_count bigint, absent_count bigint,
        null_count bigint
    );
    create table if not exists quality.sighted_streams (
        source varchar, kind varchar, stream varchar, rules_sha256 varchar, last_log_index bigint,
        page_count bigint, first_run_last_log_index bigint, newest_run_first_log_index bigint
    );
"""
_FIRST_SEEN = """
    update quality.field_sightings as sighted
    set first_seen_at = pages.fetched_at
    from raw.evidence_pages as pages
    where sighted.first_seen_at is null and pages.log_index = sighted.first_log_index
"""  # once for all streams, and where a run that was cut off left it out
OF_STREAM = "kind = $kind and stream = $stream"

_WANTED: Final = f"""
    select log_index
    from (
        select
            log_index,
            row_number() over (
                partition by source, (fetched_at at time zone 'UTC')::date order by log_index
            ) as number
        from raw.evidence_pages
        where {OF_STREAM}
    )
    where (
            number <= {PAGES_OF_A_DAY}
            or (number <= {PAGES_OF_A_LONG_DAY} and number % {_EVERY} = 0)
            or number % {_EVERY_OF_A_LONG_DAY} = 0
        )
        and log_index > $first
        and log_index not in (select log_index from raw.redactions)
    order by log_index
"""


@dataclass(slots=True)
class Sighting:
    """How often something was seen, and where first and last."""

    first_log_index: int
    first_record_id: int
    last_log_index: int
    record_count: int


@dataclass(slots=True)
class FieldDay:
    """How many records of one day's pages lack a field."""

    first_log_index: int
    first_record_id: int
    record_count: int = 0
    absent_count: int = 0
    null_count: int = 0


@dataclass(slots=True)
class SourceSightings:
    """All that was seen of one stream of one source."""

    source: str
    fields: dict[SightingKey, Sighting] = field(default_factory=dict)
    days: dict[tuple[str, date], FieldDay] = field(default_factory=dict)
    admitted: dict[str, set[str]] = field(default_factory=dict)
    last_log_index: int = -1


def sight_fields(con: duckdb.DuckDBPyConnection, contracts: Iterable[SourceContract]) -> int:
    """Bring the tables up to the committed pages.

    Args:
        con: A writable connection to the warehouse with the `raw` views in place.
        contracts: What staging reads of each stream.

    Returns:
        How many pages were read now.
    """
    con.execute(_TABLES)
    places, redacted = _places(con), _redacted(con)
    read = sum(
        _sight_stream(
            con,
            contract,
            places.get((contract.kind, contract.stream), {}),
            rules=_rules_sha256(contract, redacted.get((contract.kind, contract.stream))),
        )
        for contract in contracts
    )

    con.execute(_FIRST_SEEN)
    return read


class _Place(NamedTuple):
    """How far a stream of a source was read, and what there is now."""

    last_log_index: int | None
    sighted_log_index: int | None
    is_as_sighted: bool
    rules_sha256: str | None


def _places(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], dict[str, _Place]]:
    """Return what there is of each stream, source by source; nothing of sources that have left."""
    rows = con.execute(
        """
        select
            kind, stream, source,
            max(pages.log_index),
            state.last_log_index,
            count(*) filter (pages.log_index <= state.last_log_index) = state.page_count
                and bool_or(pages.log_index = state.last_log_index),
            state.rules_sha256
        from raw.evidence_pages as pages
        full join quality.sighted_streams as state using (kind, stream, source)
        group by kind, stream, source, state.last_log_index, state.page_count, state.rules_sha256
        """
    ).fetchall()
    places: dict[tuple[str, str], dict[str, _Place]] = {}
    for kind, stream, source, *place in rows:
        places.setdefault((kind, stream), {})[source] = _Place(*place)
    return places


def _redacted(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], str]:
    rows = con.execute(
        "select kind, stream, list(log_index order by log_index)::varchar from raw.evidence_pages "
        "where log_index in (select log_index from raw.redactions) group by kind, stream"
    ).fetchall()
    return {(kind, stream): listed for kind, stream, listed in rows}


def _rules_sha256(contract: SourceContract, redacted: str | None) -> str:
    """Fingerprint what decides the rows beside the pages: the contract, these rules, and redactions."""
    return hashlib.sha256(f"{VERSION} {contract.sha256} {redacted}".encode()).hexdigest()


def _sight_stream(
    con: duckdb.DuckDBPyConnection, contract: SourceContract, places: dict[str, _Place], *, rules: str
) -> int:
    gone = sorted(source for source, place in places.items() if place.last_log_index is None)
    known = {
        source: place.sighted_log_index
        for source, place in places.items()
        if place.is_as_sighted and place.rules_sha256 == rules and place.sighted_log_index is not None
    }
    fresh = sorted(
        source
        for source, place in places.items()
        if place.last_log_index is not None and known.get(source, -1) < place.last_log_index
    )
    if not fresh and not gone:
        return 0
    books = {source: _loaded(con, contract, source, known.get(source, -1)) for source in fresh}
    read = _read_pages(con, contract, books)
    con.execute("begin")
    try:
        _write(con, contract, books, gone)
        _write_states(con, contract, rules)
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")
    return read


def _loaded(
    con: duckdb.DuckDBPyConnection, contract: SourceContract, source: str, last_log_index: int
) -> SourceSightings:
    """Return what was seen below a log index; nothing where everything is to be read again."""
    book = SourceSightings(source, last_log_index=last_log_index)
    if last_log_index < 0:
        return book
    names = {"kind": contract.kind, "stream": contract.stream, "source": source}
    rows = con.execute(
        f"select {', '.join(SightingKey._fields)}, first_log_index, first_record_id, last_log_index, "
        f"record_count from quality.field_sightings where {OF_STREAM} and source = $source",
        names,
    ).fetchall()
    key_size = len(SightingKey._fields)
    book.fields = {SightingKey(*row[:key_size]): Sighting(*row[key_size:]) for row in rows}
    for key in book.fields:
        if not key.is_staged:
            book.admitted.setdefault(key.parent_path, set()).add(key.json_path)
    days = con.execute(
        "select json_path, fetched_date, first_log_index, first_record_id, record_count, absent_count, "
        f"null_count from quality.field_days where {OF_STREAM} and source = $source",
        names,
    ).fetchall()
    book.days = {(row[0], row[1]): FieldDay(*row[2:]) for row in days}
    return book


def _read_pages(
    con: duckdb.DuckDBPyConnection, contract: SourceContract, books: dict[str, SourceSightings]
) -> int:
    if not books:
        return 0
    root = contract_tree(contract)
    read = 0
    shapes = {source: (date.min, ShapeBook(contract, root)) for source in books}
    for log_index, source, fetched_at, body in _new_pages(con, contract, books):
        day, held = shapes[source]
        if day != fetched_at.date() or len(held.shapes) + len(held.values) > SHAPES_HELD:
            _take_in(con, books[source], held, day)
            day, held = shapes[source] = (fetched_at.date(), ShapeBook(contract, root))
        held.read(log_index, body)
        read += 1
    for source, (day, held) in shapes.items():
        _take_in(con, books[source], held, day)
    return read


def _new_pages(
    con: duckdb.DuckDBPyConnection, contract: SourceContract, books: dict[str, SourceSightings]
) -> Iterator[tuple[int, str, datetime, bytes]]:
    """The pages to read that were not read yet, in the order of the log; redacted ones are no sign.

    A page's number within its day does not change when more pages come, so a page is read by every history of
    runs or by none.
    """
    first = min(book.last_log_index for book in books.values())
    named = {"kind": contract.kind, "stream": contract.stream}
    wanted = [log_index for (log_index,) in con.execute(_WANTED, {**named, "first": first}).fetchall()]
    columns = ("log_index", "source", "fetched_at at time zone 'UTC'")
    for log_index, source, fetched_at, body in read_pages(con, contract.relation, columns, wanted):
        if source in books and log_index > books[source].last_log_index:
            yield log_index, source, fetched_at, bytes(body)


def _take_in(con: duckdb.DuckDBPyConnection, book: SourceSightings, shapes: ShapeBook, day: date) -> None:
    """Add the shapes of one day's pages to what is known of the source."""
    staged = {each.path for each in shapes.contract.fields}
    for path, json_type, seen in sorted(
        fields_of(shapes), key=lambda each: (each[2].first_record_id, each[0])
    ):
        is_staged = path in staged
        place = path if is_staged else _general(book, path)
        parent = written_path(place[:-1]) if place else ""
        key = SightingKey(written_path(place), parent, json_type, None, is_staged=is_staged, is_lost=False)
        _see(book, key, seen)
    for key, seen in judged_values(con, shapes):
        _see(book, key, seen)
    for name, missing, seen in _read_fields(shapes):
        _count(book, (name, day), missing, seen)


def _general(book: SourceSightings, path: FieldPath) -> FieldPath:
    """Keep the number of paths bounded: keys that are data, and those past the two hundredth, are one."""
    if not path or path[-1] == ITEM:
        return path
    key, known = general_key(path[-1]), book.admitted.setdefault(written_path(path[:-1]), set())
    if written_path((*path[:-1], key)) not in known and len(known) >= KEYS_OF_ONE_OBJECT:
        key = ANY_KEY
    known.add(written_path((*path[:-1], key)))
    return (*path[:-1], key)


def _see(book: SourceSightings, key: SightingKey, seen: Seen) -> None:
    known = book.fields.get(key)
    if known is None:
        book.fields[key] = Sighting(
            seen.first_log_index, seen.first_record_id, seen.last_log_index, seen.record_count
        )
        return
    if seen.first_record_id < known.first_record_id:
        known.first_log_index, known.first_record_id = seen.first_log_index, seen.first_record_id
    known.last_log_index = max(known.last_log_index, seen.last_log_index)
    known.record_count += seen.record_count


def _read_fields(shapes: ShapeBook) -> Iterator[tuple[str, str, Seen]]:
    """Give each field that staging reads, and whether the objects of a shape have it."""
    nodes = shapes.nodes()
    for (path, names, _), seen in shapes.shapes.items():
        if names == ITSELF:
            continue
        for name, child in nodes[path].children.items():
            if name != ITEM:
                found = seen.types.get(name, "absent")
                yield written_path(child.path), found if found in ("absent", "null") else "", seen


def _count(book: SourceSightings, key: tuple[str, date], missing: str, seen: Seen) -> None:
    day = book.days.setdefault(key, FieldDay(seen.first_log_index, seen.first_record_id))
    if seen.first_record_id < day.first_record_id:
        day.first_log_index, day.first_record_id = seen.first_log_index, seen.first_record_id
    day.record_count += seen.record_count
    day.absent_count += seen.record_count if missing == "absent" else 0
    day.null_count += seen.record_count if missing == "null" else 0


def _write(
    con: duckdb.DuckDBPyConnection,
    contract: SourceContract,
    books: dict[str, SourceSightings],
    gone: Iterable[str],
) -> None:
    """Replace the rows of the sources that were read, and remove those of sources that have left."""
    changed = sorted({*books, *gone})
    for table in ("field_sightings", "field_days"):
        con.execute(
            f"delete from quality.{table} where kind = ? and stream = ? and list_contains(?, source)",
            [contract.kind, contract.stream, changed],
        )
    sightings = [
        {"source": source, **key._asdict(), **asdict(seen)}
        for source, book in books.items()
        for key, seen in sorted(book.fields.items(), key=lambda item: tuple(map(str, item[0])))
    ]
    days = [
        {"source": source, "json_path": path, "fetched_date": day, **asdict(counts)}
        for source, book in books.items()
        for (path, day), counts in sorted(book.days.items())
    ]
    named = f"'{contract.kind}' as kind, '{contract.stream}' as stream"
    if sightings:
        con.register("sighted", pa.Table.from_pylist(sightings, schema=_SIGHTING_ROWS))
        con.execute(f"insert into quality.field_sightings by name select *, {named} from sighted")
        con.unregister("sighted")
    if days:
        con.register("sighted", pa.Table.from_pylist(days))
        con.execute(f"insert into quality.field_days by name select *, {named} from sighted")
        con.unregister("sighted")


_SIGHTING_ROWS = pa.schema(
    [
        ("source", pa.string()),
        ("json_path", pa.string()),
        ("parent_path", pa.string()),
        ("json_type", pa.string()),
        ("value", pa.string()),
        ("is_staged", pa.bool_()),
        ("is_lost", pa.bool_()),
        ("first_log_index", pa.int64()),
        ("first_record_id", pa.int64()),
        ("last_log_index", pa.int64()),
        ("record_count", pa.int64()),
    ]
)


def _write_states(con: duckdb.DuckDBPyConnection, contract: SourceContract, rules: str) -> None:
    """Record how far each source was read, where its first run ended and where its newest one began."""
    names = {"kind": contract.kind, "stream": contract.stream}
    con.execute(f"delete from quality.sighted_streams where {OF_STREAM}", names)
    con.execute(
        f"""
        insert into quality.sighted_streams by name
        with runs as (
            select source, run_id, min(log_index) as first, max(log_index) as last, count(*) as pages
            from {contract.relation}
            group by source, run_id
        )
        select
            source, $kind as kind, $stream as stream, $rules as rules_sha256,
            max(last) as last_log_index, sum(pages)::bigint as page_count,
            arg_min(last, first) as first_run_last_log_index,
            arg_max(first, last) as newest_run_first_log_index
        from runs
        group by source
        """,
        {**names, "rules": rules},
    )
