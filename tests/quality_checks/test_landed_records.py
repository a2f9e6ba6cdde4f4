"""The second parser: it counts what is there, keeps what it counted, and refuses what it cannot read."""

import duckdb
import msgspec
import pytest

from quality_checks import run_reconciliation
from quality_checks.landed_records import count_landed_records
from quality_checks.record_keys import key_reader
from quality_checks.streams import STREAMS, StreamContract

CONTRACTS = {(contract.kind, contract.stream): contract for contract in STREAMS}
SHA = "a" * 40


def contract(kind: str, stream: str) -> StreamContract:
    return CONTRACTS[kind, stream]


@pytest.mark.parametrize(
    ("kind", "stream", "body", "keys"),
    [
        ("github", "issues", b'[{"id": 7, "user": null}, {"id": 8}]', ["7", "8"]),
        ("github", "issues", b"[]", []),
        ("github", "repositories", b'{"id": 3, "owner": {"id": 9}}', ["3"]),
        ("github", "repositories", b'[{"id": 3}, {"id": 4}]', ["3", "4"]),
        ("github", "workflow_runs", b'{"total_count": 1, "workflow_runs": [{"id": 5}]}', ["5"]),
        ("github", "timeline", b'[{"event": "committed", "node_id": "C_1"}, {"event": "x"}]', ["C_1", None]),
        ("github", "tags", b'[{"name": "v1"}]', ["v1"]),
        ("git", "tags", b"\x1ev1\x1fabc\x1f\x1f2026\x1fcommit\x1fFirst\n", ["v1"]),
        ("git", "commits", b"", []),
    ],
)
def test_records_of_each_shape_are_found(kind: str, stream: str, body: bytes, keys: list[str | None]) -> None:
    assert key_reader(contract(kind, stream))(body) == keys


def test_a_separator_inside_a_commit_message_is_not_a_record() -> None:
    message = b"\x1e" + SHA.encode() + b"\x1f\x1fname\x1fsubject \x1e nothing \x1f more\n"
    assert key_reader(contract("git", "commits"))(message) == [SHA]


@pytest.mark.parametrize(
    ("stream", "body"),
    [
        ("issues", b'[{"id": 7}, {"id"'),
        ("issues", b"<html>Unicorn!</html>"),
        ("issues", b'{"message": "Not Found"}'),
        ("issues", b'[{"number": 7}]'),
        ("workflow_runs", b'{"total_count": 3}'),
    ],
)
def test_a_body_that_the_endpoint_does_not_document_is_refused(stream: str, body: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        key_reader(contract("github", stream))(body)


def test_git_output_that_starts_in_the_middle_of_a_record_is_refused() -> None:
    with pytest.raises(ValueError, match="does not start with a record"):
        key_reader(contract("git", "commits"))(b"end of a message\n\x1e" + SHA.encode() + b"\x1f")


def test_a_page_is_read_once_in_its_life(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert count_landed_records(warehouse) == 0
    warehouse.execute(
        "insert into raw.github__issues "
        "select 9999, source, scope, null, window_id, '[{\"id\": 424242}]'::blob "
        "from raw.github__issues limit 1"
    )

    assert count_landed_records(warehouse) == 1
    assert warehouse.execute(
        "select counted, is_parsed from quality.landed_pages where log_index = 9999"
    ).fetchall() == [(1, True)]
    assert warehouse.execute(
        "select stream from quality.landed_records where record_id = 9999::bigint << 23"
    ).fetchall() == [("issues",)]


def test_no_hash_of_a_persons_account_is_kept(warehouse: duckdb.DuckDBPyConnection) -> None:
    found = warehouse.execute(
        """
        select count(*) filter (key in (select hash(concat('github', chr(31), id)) from range(1000) as t(id)))
        from quality.landed_records
        where stream = ?
    """,
        ["members"],
    ).fetchone()
    assert found == (0,)


def test_a_person_who_moved_between_two_pages_of_a_window_is_one(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    for log_index in (8001, 8002):
        warehouse.execute(
            "insert into raw.github__members "
            "values (?, 'github', 'acme', null, 'w-new', '[{\"id\": 7}]'::blob)",
            [log_index],
        )
    count_landed_records(warehouse)

    keys = "select count(distinct key) from quality.landed_records where record_id >= 8001::bigint << 23"
    assert warehouse.execute(keys).fetchone() == (1,)


def test_pages_of_a_source_that_left_the_settings_are_forgotten_and_counted_when_it_returns(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    warehouse.execute("create table aside as from raw.github__issues where scope = 'acme/shop'")
    warehouse.execute("delete from raw.github__issues where scope = 'acme/shop'")
    count_landed_records(warehouse)
    without = warehouse.execute(COUNTED).fetchall()
    warehouse.execute("insert into raw.github__issues from aside")

    assert count_landed_records(warehouse) == 2
    assert without == [(2, 3)]
    assert warehouse.execute(COUNTED).fetchall() == [(4, 6)]


COUNTED = """
    select
        (select count(*) from quality.landed_pages where stream = 'issues'),
        (select count(*) from quality.landed_records where stream = 'issues')
"""


def test_a_warehouse_without_any_stream_counts_nothing() -> None:
    with duckdb.connect() as con:
        assert count_landed_records(con) == 0


def test_what_was_counted_of_a_kind_that_has_left_the_settings_is_forgotten(
    warehouse: duckdb.DuckDBPyConnection,
) -> None:
    """The last source of its kind was taken out: its counts stood against no page and blocked publication."""
    count_landed_records(warehouse)
    for table in ("evidence_pages", "fetch_windows"):
        warehouse.execute(f"delete from raw.{table} where kind = 'github'")
    remaining = [each for each in STREAMS if each.kind == "git"]

    results = run_reconciliation(warehouse, streams=remaining, layers=["landing"], expected=[])

    assert [result.message for result in results if not result.is_passed] == []
    assert {result.subject for result in results} == {each.raw for each in remaining}
    assert warehouse.execute("select distinct kind from quality.landed_records").fetchall() == [("git",)]
