"""How far each stream was read, and by what: what makes a small build end in the rows of a full one."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

import duckdb

from orchestration.steps.staged_streams import StagedStream

_TABLES = """
create schema if not exists raw;
create schema if not exists staging;
create table if not exists raw.build_state (
    stream varchar, processed_log_size bigint, inputs_sha256 varchar
);
create table if not exists raw.config_state (table_name varchar, rows_sha256 varchar);
create table if not exists raw.account_state (account_token varchar, is_bot boolean);
create table if not exists raw.unreadable_records (stream varchar, record_id bigint);
"""


def create_state(con: duckdb.DuckDBPyConnection) -> None:
    """Create the tables of the state where they are missing."""
    con.execute(_TABLES)


def unusable_streams(
    con: duckdb.DuckDBPyConnection,
    streams: Iterable[StagedStream],
    inputs: Mapping[str, str],
    *,
    log_size: int,
    is_full_refresh: bool,
) -> list[StagedStream]:
    """Return the streams that must be read from the beginning.

    Their table is missing, or was made from other inputs, or from more of the log than the build may read.
    """
    rows = con.execute("select stream, processed_log_size, inputs_sha256 from raw.build_state").fetchall()
    state = {stream: (processed, fingerprint) for stream, processed, fingerprint in rows}
    held = con.execute("select table_name from duckdb_tables() where schema_name = 'staging'").fetchall()
    models = {name for (name,) in held}
    unusable = []
    for stream in streams:
        processed, fingerprint = state.get(stream.table, (0, ""))
        is_usable = stream.model in models and fingerprint == inputs[stream.table] and processed <= log_size
        if is_full_refresh or not is_usable:
            unusable.append(stream)
    return unusable


def forget(con: duckdb.DuckDBPyConnection, streams: Collection[StagedStream]) -> None:
    """Drop the streams' staging tables and everything known of how far they were read.

    What stands nested in a stream's records may have models of its own, named after the stream's: entries of
    `stg_argocd__applications` are `stg_argocd__applications__deployments`. They go with it.
    """
    held = con.execute("select table_name from duckdb_tables() where schema_name = 'staging'").fetchall()
    for stream in streams:
        nested = f"{stream.model}__"
        for (name,) in held:
            if name == stream.model or name.startswith(nested):
                con.execute(f"drop table staging.{name}")
        con.execute("delete from raw.build_state where stream = ?", [stream.table])
        con.execute(
            "delete from raw.unreadable_records where stream = ? or starts_with(stream, ?)",
            [stream.table, f"{stream.table}__"],
        )


def record_streams(con: duckdb.DuckDBPyConnection, inputs: Mapping[str, str], *, log_size: int) -> None:
    """Record that these streams (with the fingerprints of their inputs) were read up to the log size."""
    con.execute("delete from raw.build_state where list_contains(?, stream)", [list(inputs)])
    con.executemany(
        "insert into raw.build_state values (?, ?, ?)",
        [(table, log_size, fingerprint) for table, fingerprint in inputs.items()],
    )


def record_config(con: duckdb.DuckDBPyConnection, fingerprints: Mapping[str, str]) -> None:
    """Record the settings and accounts that everything was built with."""
    con.execute("delete from raw.config_state")
    con.executemany("insert into raw.config_state values (?, ?)", list(fingerprints.items()))


def changed_config(con: duckdb.DuckDBPyConnection, fingerprints: Mapping[str, str]) -> set[str]:
    """Return the tables that differ from those that everything was last built with."""
    before = dict(con.execute("select table_name, rows_sha256 from raw.config_state").fetchall())
    return {name for name, fingerprint in fingerprints.items() if before.get(name) != fingerprint}


@contextmanager
def transaction(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """All of the block, or nothing of it."""
    con.execute("begin transaction")
    try:
        yield
    except BaseException:
        con.execute("rollback")
        raise
    con.execute("commit")
