"""Turning bodies into typed columns in DuckDB, beside decoding and counting the same bytes."""

from collections.abc import Iterator

import duckdb

from benchmarks.figures import Figure
from benchmarks.house import House
from benchmarks.measuring import MEGABYTE, forget_peak, peak_megabytes, stopwatch
from quality_checks.record_keys import key_reader
from quality_checks.streams import STREAMS

THREADS = 2
REPETITIONS = 3
STREAM = "pull_requests"
STRUCTURE = """[{
    "id": "VARCHAR", "number": "VARCHAR", "state": "VARCHAR", "draft": "VARCHAR", "created_at": "VARCHAR",
    "updated_at": "VARCHAR", "closed_at": "VARCHAR", "merged_at": "VARCHAR", "merge_commit_sha": "VARCHAR",
    "title": "VARCHAR", "body": "VARCHAR", "user": {"id": "VARCHAR"}, "labels": [{"name": "VARCHAR"}],
    "head": {"ref": "VARCHAR", "sha": "VARCHAR"}, "base": {"ref": "VARCHAR"}
}]"""


def measure(factor: int) -> Iterator[Figure]:
    """Parse the pull requests' pages, enough times over for a steady figure."""
    house = House(factor).fetched()
    files = f"read_parquet('{house.workspace('extracted').evidence}/github/{STREAM}/*.parquet')"
    with duckdb.connect() as con:
        con.execute(f"set threads = {THREADS}")
        row = con.execute(f"select sum(octet_length(body)), sum(record_count) from {files}").fetchone()
        assert row is not None
        body_bytes, records = row
        yield Figure("bodies of pull requests", body_bytes / MEGABYTE, "MB")
        raw = _seconds(con, f"select count(*), sum(strlen(decode(body))) from {files}")
        forget_peak()
        parsed = _seconds(con, f"create or replace temp table parsed as {_parse(files)}")
        peak = peak_megabytes()
        yield Figure(
            "parsed into typed columns",
            body_bytes / parsed / MEGABYTE,
            "MB/s",
            body_bytes / raw / MEGABYTE,
            "decode and count",
        )
        yield Figure("pull requests", records / parsed, "records/s")
        yield Figure("peak memory while parsing", peak, "MB")
        bodies = [body for (body,) in con.execute(f"select body from {files}").fetchall()]
    read = key_reader(next(contract for contract in STREAMS if contract.stream == STREAM))
    with stopwatch() as watch:
        assert sum(len(read(body)) for body in bodies) == records
    yield Figure(
        "counted by the second parser",
        body_bytes / watch.seconds / MEGABYTE,
        "MB/s",
        body_bytes / raw / MEGABYTE,
        "decode and count",
    )


def _parse(files: str) -> str:
    return f"""
        select
            try_cast(record.id as bigint) as pull_request_id,
            try_cast(record.number as bigint) as number,
            record.state,
            try_cast(record.draft as boolean) as is_draft,
            try_cast(record.created_at as timestamptz) as created_at,
            try_cast(record.updated_at as timestamptz) as updated_at,
            try_cast(record.closed_at as timestamptz) as closed_at,
            try_cast(record.merged_at as timestamptz) as merged_at,
            record.merge_commit_sha,
            try_cast(record.user.id as bigint) as author_id,
            list_transform(record.labels, lambda label: label.name) as labels,
            record.head.ref as head_branch,
            record.head.sha as head_sha,
            record.base.ref as base_branch,
            log_index << 23 | ordinal as record_id
        from (
            select
                log_index,
                unnest(records) as record,
                generate_subscripts(records, 1) - 1 as ordinal
            from (
                select log_index, from_json(try(decode(body)), '{STRUCTURE}') as records from {files}
            )
        )
    """


def _seconds(con: duckdb.DuckDBPyConnection, query: str) -> float:
    """The best of a few runs: what the machine can do when nothing disturbs it."""
    best = float("inf")
    for _ in range(REPETITIONS):
        with stopwatch() as watch:
            con.execute(query).fetchall()
        best = min(best, watch.seconds)
    return best
