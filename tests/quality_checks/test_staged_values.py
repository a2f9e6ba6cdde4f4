"""The values of staging against their records: what a model reads wrongly shows, and nothing else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import duckdb
import pytest

from quality_checks.checks import comparisons
from quality_checks.comparisons import compare
from quality_checks.landed_records import count_landed_records
from quality_checks.results import CheckResult
from quality_checks.staged_values import compare_staged_values
from quality_checks.stated_values import STATED_VALUES
from quality_checks.streams import STREAMS, StreamContract

STATED = tuple(
    replace(contract, values=STATED_VALUES.get((contract.kind, contract.stream), ())) for contract in STREAMS
)
PULLS = next(contract for contract in STATED if contract.raw == "raw.github__pull_requests")
COMMITS = next(contract for contract in STATED if contract.raw == "raw.git__commits")
VALUES, NEWEST = "staged_values_are_those_of_their_records", "newest_versions_are_staged"
PULL_REQUEST = {
    "id": 7,
    "number": 12,
    "state": "closed",
    "draft": False,
    "created_at": "2026-01-10T10:00:00+02:00",
    "updated_at": "2026-01-11T10:00:00Z",
    "closed_at": "2026-01-11T10:00:00Z",
    "merged_at": "2026-01-11T10:00:00Z",
    "head": {"sha": "abc"},
    "merge_commit_sha": None,
}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A pull request in two versions, and a commit, with the rows that staging makes of them."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        con.execute("create schema raw; create schema staging")
        con.execute("create table raw.redactions (log_index bigint, json_paths varchar[])")
        newer = PULL_REQUEST | {"updated_at": "2026-01-12T10:00:00Z", "state": "open"}
        _land(con, PULLS, [json.dumps([PULL_REQUEST]), json.dumps([newer])])
        _land(
            con,
            COMMITS,
            [f"\x1e{'a' * 40}\x1f\x1fn\x1fe\x1f2026-01-01T00:00:00Z\x1fn\x1fe\x1f2026-01-02T00:00:00Z"],
        )
        con.execute("""
            create table staging.stg_github__pull_requests as
            select
                'github' as source, 7 as pull_request_id, 12 as number, 'OPEN' as state, false as is_draft,
                timestamptz '2026-01-10T08:00:00Z' as created_at,
                    timestamptz '2026-01-11T10:00:00Z' as closed_at,
                timestamptz '2026-01-11T10:00:00Z' as merged_at, 'abc' as head_sha,
                null::varchar as merge_commit_sha, timestamptz '2026-01-12T10:00:00Z' as source_updated_at,
                1::bigint << 23 as record_id
        """)
        con.execute(f"""
            create table staging.stg_git__commits as
            select 'git' as source, 'acme/shop' as repository, '{"a" * 40}' as commit_sha,
                timestamptz '2026-01-01' as authored_at, timestamptz '2026-01-02' as committed_at,
                    0::bigint as record_id
        """)
        yield con


def _land(con: duckdb.DuckDBPyConnection, contract: StreamContract, bodies: list[str]) -> None:
    con.execute(
        f"create table {contract.raw} (log_index bigint, source varchar, scope varchar, parent_key varchar, "
        "window_id varchar, body blob)"
    )
    for log_index, body in enumerate(bodies):
        con.execute(
            f"insert into {contract.raw} values (?, ?, 'acme/shop', null, 'w', encode(?))",
            [log_index, contract.kind, body],
        )


def results(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, str], CheckResult]:
    count_landed_records(con, STATED)
    compare_staged_values(con, STATED)
    return {
        (result.name, result.subject): result
        for comparison in comparisons(STATED)
        if comparison.name in (VALUES, NEWEST)
        for result in compare(con, comparison, scope="all", streams=STATED)
    }


def red(con: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    return {key for key, result in results(con).items() if not result.is_passed}


def test_sound_rows_are_green_and_every_value_counts(con: duckdb.DuckDBPyConnection) -> None:
    assert red(con) == set()
    (row,) = con.execute(
        "select compared_count from quality.staged_values where subject = ?", [PULLS.staging]
    ).fetchall()
    assert row == (len(PULLS.values) + 1,)


@pytest.mark.parametrize(
    "change",
    [
        "merged_at = merged_at + interval 1 hour",
        "created_at = created_at + interval 2 hours",
        "number = 13",
        "is_draft = null",
        "head_sha = merge_commit_sha",
        "pull_request_id = 8",
    ],
)
def test_a_value_that_its_record_has_not_is_red(con: duckdb.DuckDBPyConnection, change: str) -> None:
    con.execute(f"update {PULLS.staging} set {change}")
    assert (VALUES, PULLS.staging) in red(con)
    assert change.split(" ", maxsplit=1)[0] in results(con)[VALUES, PULLS.staging].offenders[0]


def test_the_day_of_authoring_for_that_of_the_commit_is_red(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(f"update {COMMITS.staging} set committed_at = authored_at")
    assert red(con) == {(VALUES, COMMITS.staging)}


def test_an_older_version_is_red(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        f"update {PULLS.staging} set record_id = 0, state = 'closed', "
        "source_updated_at = '2026-01-11T10:00:00Z'"
    )
    assert red(con) == {(NEWEST, PULLS.staging)}


def test_a_page_that_tells_of_an_older_version_later_is_no_newer_one(con: duckdb.DuckDBPyConnection) -> None:
    older: dict[str, Any] = PULL_REQUEST | {"updated_at": "2026-01-01T10:00:00Z"}
    con.execute(
        "insert into raw.github__pull_requests values (2, 'github', 'acme/shop', null, 'w', encode(?))",
        [json.dumps([older])],
    )
    assert red(con) == set()


def test_what_was_blanked_is_not_compared(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("insert into raw.redactions values (1, ['$[0].number'])")
    con.execute(f"update {PULLS.staging} set number = null")
    assert red(con) == set()
