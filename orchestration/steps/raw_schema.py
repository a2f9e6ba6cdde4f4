"""The schema `raw`: what a build reads, pinned at one size of the payload log, and what of it is new.

The staging models read `raw.<kind>__<stream>__new` and the windows closed since, and take what they find
into their tables; so a build must know up to where each stream was read before (`raw.build_state`). Where
something beside the pages has changed that enters a model's rows (its SQL, the rules, a redaction), the
model's table is dropped and its stream counts as unread: one reading of all evidence and many small ones end
in the same rows.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import pyarrow as pa

from orchestration.steps.build_state import (
    changed_config,
    create_state,
    forget,
    record_config,
    record_streams,
    transaction,
    unusable_streams,
)
from orchestration.steps.config_tables import write_config_tables
from orchestration.steps.raw_views import CommittedFile, all_pages, new_pages, page_list
from orchestration.steps.staged_streams import STAGED_STREAMS, StagedStream
from quality_checks.stored_results import create_results

_TABLES = """
create table if not exists raw.reused_pages (stream varchar, log_index bigint);
create table if not exists raw.redactions (log_index bigint, json_paths varchar[]);
create table if not exists raw.closed_windows (
    window_index bigint, window_id varchar, source varchar, kind varchar, stream varchar, scope varchar,
    parent_key varchar, requested_from timestamptz, requested_until timestamptz, started_at timestamptz,
    closed_at timestamptz, claimed_total bigint, record_count bigint, page_indexes bigint[],
    is_changed boolean, run_id varchar
);
create or replace view raw.fetch_windows as
select windows.*, window_index >= coalesce(state.processed_log_size, 0) as is_new
from raw.closed_windows as windows
left join raw.build_state as state on state.stream = windows.kind || '__' || windows.stream;
"""

_CHANGED_SETS = """
from raw.fetch_windows
where kind = $kind and stream = $name and is_new and coalesce(is_changed, true)
"""

_REUSED_PAGES = f"""
insert into raw.reused_pages
select distinct $table, log_index
from (
    select unnest(arg_max(page_indexes, window_index)) as log_index
    from raw.fetch_windows
    where kind = $kind and stream = $name and (source, scope, coalesce(parent_key, '')) in (
        select (source, scope, coalesce(parent_key, '')) {_CHANGED_SETS}
    )
    group by source, scope, parent_key
)
where log_index < $processed
"""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a build may read.

    Attributes:
        log_size: size of the payload log at which the build is pinned.
        files: committed files below it, of all sources.
        windows: closed windows below it (columns of `raw.closed_windows` without `kind`); those below
            `first_missing_window` may be left out.
        kinds: kind of each source by its name.
        redactions: `log_index BIGINT, json_paths VARCHAR[]`, or None where nothing was redacted.
        streams: the streams that staging has models for.
    """

    log_size: int
    files: Sequence[CommittedFile]
    windows: pa.Table
    kinds: Mapping[str, str]
    redactions: pa.Table | None = None
    streams: Sequence[StagedStream] = STAGED_STREAMS

    def files_of(self, stream: StagedStream) -> list[CommittedFile]:
        """The files that hold a stream's pages; without any, its staging table is empty."""
        return [
            file
            for file in self.files
            if file.stream == stream.name
            and self.kinds.get(file.source) == stream.kind
            and file.first_log_index < self.log_size
        ]


@dataclass(frozen=True, slots=True)
class RawBuild:
    """What one build has before it.

    Attributes:
        log_size: the pinned size of the payload log.
        news: source tables (`raw.github__reviews__new`, `config.services`) whose rows have changed since
            the last finished build; models downstream of them must run, and no others.
        reread: streams (`github__reviews`) whose staging table was dropped, to be read from the beginning.
        has_new_windows: whether `raw.fetch_windows` has grown; most windows close over what was known.
        inputs: fingerprint of what beside its pages enters each stream's staging table.
        config: fingerprint of each table of the settings, and of the account tokens.
    """

    log_size: int
    news: frozenset[str]
    reread: frozenset[str]
    has_new_windows: bool
    inputs: Mapping[str, str] = field(repr=False)
    config: Mapping[str, str] = field(repr=False)

    @property
    def is_unchanged(self) -> bool:
        """Nothing at all is to be built."""
        return not self.news


def build_raw_schema(
    con: duckdb.DuckDBPyConnection,
    evidence: Evidence,
    *,
    config: Mapping[str, pa.Table],
    staging_sha256: str,
    is_full_refresh: bool = False,
) -> RawBuild:
    """Pin the evidence and say what has changed since the last finished build. All or nothing.

    Args:
        con: the warehouse, open for writing; its time zone must be UTC.
        evidence: what may be read.
        config: the settings as Arrow tables, see `config_tables`.
        staging_sha256: hash of everything that decides the staging models' SQL.
        is_full_refresh: read every stream from the beginning.
    """
    with transaction(con):
        create_state(con)
        con.execute(_TABLES)
        create_results(con)
        fingerprints = write_config_tables(con, config)
        inputs = _inputs(
            con, evidence, staging_sha256=staging_sha256, rules_sha256=fingerprints["config.rules"]
        )
        reread = unusable_streams(
            con, evidence.streams, inputs, log_size=evidence.log_size, is_full_refresh=is_full_refresh
        )
        forget(con, reread)
        has_new_windows = _land_windows(con, evidence)
        news = {f"raw.{table}__new" for table in _write_views(con, evidence)}
        news |= changed_config(con, fingerprints)
    return RawBuild(
        log_size=evidence.log_size,
        news=frozenset(news),
        reread=frozenset(stream.table for stream in reread),
        has_new_windows=has_new_windows,
        inputs=inputs,
        config=fingerprints,
    )


def read_again(
    con: duckdb.DuckDBPyConnection, evidence: Evidence, build: RawBuild, streams: Collection[StagedStream]
) -> RawBuild:
    """Drop the staging tables of these streams too, and return the build as it then stands."""
    with transaction(con):
        forget(con, streams)
        views = {f"raw.{table}__new" for table in _write_views(con, evidence)}
    return replace(
        build,
        news=build.news | views,
        reread=build.reread | {stream.table for stream in streams},
    )


def finish_build(
    con: duckdb.DuckDBPyConnection, build: RawBuild, *, streams: Collection[str] | None = None
) -> None:
    """Record that staging has read everything up to the build's log size.

    Args:
        con: the warehouse.
        build: what was built.
        streams: the streams (`github__reviews`) whose staging models were built, where not all were; the
            settings then still count as news for the next build.
    """
    done = {table: build.inputs[table] for table in build.inputs if streams is None or table in streams}
    with transaction(con):
        record_streams(con, done, log_size=build.log_size)
        if streams is None:
            record_config(con, build.config)


def first_missing_window(con: duckdb.DuckDBPyConnection, sources: Collection[str]) -> int:
    """Return the log index from which `Evidence.windows` must begin: the warehouse holds those below."""
    known = con.execute(
        "select 1 from duckdb_tables() where schema_name = 'raw' and table_name = 'closed_windows'"
    ).fetchone()
    if known is None:
        return 0
    held = con.execute("select distinct source from raw.closed_windows").fetchall()
    if not set(sources) <= {source for (source,) in held}:
        return 0
    return _number(con, "select coalesce(max(window_index) + 1, 0) from raw.closed_windows")


def _inputs(
    con: duckdb.DuckDBPyConnection, evidence: Evidence, *, staging_sha256: str, rules_sha256: str
) -> dict[str, str]:
    """Fingerprint everything beside the pages that enters each stream's staging table."""
    redacted = _redactions_by_stream(con, evidence)
    fingerprints = {}
    for stream in evidence.streams:
        sources = sorted({file.source for file in evidence.files_of(stream)})
        rules = rules_sha256 if stream.reads_rules else ""
        parts = [staging_sha256, rules, repr(sources), redacted.get(stream.table, "")]
        fingerprints[stream.table] = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    return fingerprints


def _redactions_by_stream(con: duckdb.DuckDBPyConnection, evidence: Evidence) -> dict[str, str]:
    con.execute("delete from raw.redactions")
    con.execute(f"create or replace view raw.evidence_pages as {_page_list(evidence)}")
    if evidence.redactions is None or evidence.redactions.num_rows == 0:
        return {}
    con.register("incoming_redactions", evidence.redactions)
    con.execute("insert into raw.redactions by name select log_index, json_paths from incoming_redactions")
    con.unregister("incoming_redactions")
    rows = con.execute(
        "select kind || '__' || stream, "
        "string_agg(log_index || ' ' || json_paths::varchar, '\n' order by log_index, json_paths::varchar) "
        "from raw.evidence_pages join raw.redactions using (log_index) group by 1"
    ).fetchall()
    return dict(rows)


def _page_list(evidence: Evidence) -> str:
    known = [(file, evidence.kinds[file.source]) for file in evidence.files if file.source in evidence.kinds]
    return page_list(known, log_size=evidence.log_size)


def _land_windows(con: duckdb.DuckDBPyConnection, evidence: Evidence) -> bool:
    before = _number(con, "select count(*) from raw.closed_windows")
    names, kinds = list(evidence.kinds), list(evidence.kinds.values())
    con.register("incoming_windows", evidence.windows)
    con.register(
        "incoming_kinds",
        pa.table({"source": pa.array(names, pa.string()), "kind": pa.array(kinds, pa.string())}),
    )
    con.execute(
        "delete from raw.closed_windows where window_index >= ? or not list_contains(?, source)",
        [evidence.log_size, names],
    )
    con.execute(
        "insert into raw.closed_windows by name "
        "select * from incoming_windows join incoming_kinds using (source) "
        "where window_index < ? and window_index not in (select window_index from raw.closed_windows) "
        "order by window_index",
        [evidence.log_size],
    )
    con.unregister("incoming_windows")
    con.unregister("incoming_kinds")
    return _number(con, "select count(*) from raw.closed_windows") != before


def _write_views(con: duckdb.DuckDBPyConnection, evidence: Evidence) -> list[str]:
    """Write both views of every stream and return the streams that have news."""
    rows = con.execute("select stream, processed_log_size from raw.build_state").fetchall()
    state = dict(rows)
    con.execute("delete from raw.reused_pages")
    news = []
    for stream in evidence.streams:
        processed = state.get(stream.table, 0)
        files = evidence.files_of(stream)
        reused, has_changed_sets = _changed_sets(con, stream, processed)
        selected = new_pages(
            files,
            log_size=evidence.log_size,
            processed_log_size=processed,
            reused=reused,
            stream=stream.table,
        )
        con.execute(f"create or replace view raw.{stream.table}__new as {selected}")
        con.execute(
            f"create or replace view raw.{stream.table} as {all_pages(files, log_size=evidence.log_size)}"
        )
        has_pages = any(file.last_log_index >= processed for file in files)
        has_news = has_changed_sets if stream.mode == "replace_set" else has_pages
        if stream.table not in state or has_news:
            news.append(stream.table)
    return news


def _changed_sets(
    con: duckdb.DuckDBPyConnection, stream: StagedStream, processed: int
) -> tuple[list[int], bool]:
    """Return the earlier pages that changed sets consist of, and whether any set has changed."""
    if stream.mode != "replace_set":
        return [], False
    names = {"kind": stream.kind, "name": stream.name}
    if con.execute(f"select 1 {_CHANGED_SETS} limit 1", names).fetchone() is None:
        return [], False
    con.execute(_REUSED_PAGES, {**names, "table": stream.table, "processed": processed})
    rows = con.execute("select log_index from raw.reused_pages where stream = ?", [stream.table]).fetchall()
    return [log_index for (log_index,) in rows], True


def _number(con: duckdb.DuckDBPyConnection, query: str) -> int:
    row = con.execute(query).fetchone()
    return int(row[0]) if row else 0
