"""Profiles of landings: what the newest one of each stream looks like beside those before it.

Nothing is remembered between builds: every profile is computed of windows and of the newest staged rows, so
that the same evidence gives the same profile. A profile is one row per stream, source and thing that was
looked at, with how far the newest landing lies from the usual one as a share of the distance that is allowed.
"""

from collections.abc import Sequence

import duckdb

from quality_checks.streams import StreamContract

PROFILES = "landing_profiles"
NEWEST_ROWS = 10_000
LEAST_RUNS = 8
LEAST_LANDINGS = 5
LEAST_ROWS = 20

_TABLE = f"""
    create or replace temp table {PROFILES} (
        subject varchar, item varchar, volume_deviation double, null_deviation double, doubled_keys bigint
    )
"""

# The records of a run, beside those of up to 30 runs before it. The first run of a stream reads everything,
# and a window of time that was read before is no news. A run that follows the one before much sooner or later
# than is usual finds another number of records, and says nothing. Compared are logarithms: far is what lies
# outside of what nine runs in ten bring by more than a factor of 3 and what small numbers vary by chance.
_VOLUMES = f"""
    insert into {PROFILES}
    with news as (
        select
            source, kind, stream, run_id, started_at, record_count,
            requested_until is null or requested_until > coalesce(max(requested_until) over (
                partition by source, kind, stream, scope, parent_key order by window_index
                rows between unbounded preceding and 1 preceding
            ), '-infinity') as is_news
        from raw.fetch_windows
    ),
    runs as (
        select source, kind, stream, run_id, min(started_at) as started_at, sum(record_count) as record_count
        from news where is_news group by source, kind, stream, run_id
    ),
    placed as (
        select
            *, ln(1 + record_count) as volume,
            row_number() over newest_first as age,
            count(*) over (partition by source, kind, stream) as run_count,
            epoch(started_at - lead(started_at) over newest_first) as pause_seconds
        from runs
        window newest_first as (partition by source, kind, stream order by started_at desc, run_id)
    ),
    usual as (
        select
            source, kind, stream,
            quantile_cont(volume, 0.05) as low, quantile_cont(volume, 0.95) as high,
            5 * 1.4826 * mad(volume) as spread, median(pause_seconds) as pause_seconds,
            median(record_count) as record_count
        from placed
        where age between 2 and 31 and age < run_count
        group by source, kind, stream
        having count(*) >= {LEAST_RUNS}
    )
    select
        concat('staging.stg_', kind, '__', stream),
        concat(source, ': ', newest.record_count, ' records, usually ', round(usual.record_count)::bigint),
        case
            when newest.pause_seconds not between usual.pause_seconds / 2 and usual.pause_seconds * 2 then 0
            else greatest(newest.volume - high, low - newest.volume, 0)
                / greatest(spread, ln(3) + 3 / sqrt(exp(if(newest.volume < low, low, high))))
        end,
        null, null
    from placed as newest
    inner join usual using (source, kind, stream)
    where newest.age = 1
"""


def profile_landings(con: duckdb.DuckDBPyConnection, streams: Sequence[StreamContract]) -> None:
    """Write the temporary table of profiles; a stream that cannot be looked at is as far off as can be.

    Args:
        con: A connection to the warehouse.
        streams: The streams to look at; those without a model in this warehouse have no profile.
    """
    con.execute(_TABLE)
    con.execute(_VOLUMES)
    staged = _staged_columns(con)
    for contract in streams:
        columns = staged.get(contract.staging)
        if columns is None:
            continue
        try:
            _profile(con, contract, columns)
        except duckdb.Error as error:
            reason = f"it cannot be looked at: {str(error).splitlines()[0]}"
            con.execute(f"insert into {PROFILES} values (?, ?, 2, 2, 1)", [contract.staging, reason])


def _profile(con: duckdb.DuckDBPyConnection, contract: StreamContract, columns: list[str]) -> None:
    con.execute(f"""
        create or replace temp table newest_landings as
        select newest.*, pages.fetched_at::date as landed_date, pages.window_id as landed_window
        from (
            from {contract.staging}
            where record_id >= (
                select min(record_id)
                from (select record_id from {contract.staging} order by record_id desc limit {NEWEST_ROWS})
            )
        ) as newest
        inner join (select * from raw.evidence_pages where {contract.is_of_stream}) as pages
            on pages.log_index = newest.record_id >> 23
    """)
    con.execute(_null_rates(contract, columns))
    if contract.is_row_per_record:
        con.execute(_doubled_keys(contract))


def _null_rates(contract: StreamContract, columns: list[str]) -> str:
    """Compare the share of rows without a value, day of landing by day of landing.

    A column counts as gone silent when nearly every row of the newest landing lacks it and usually at least
    every second one has it: what is set late in a record's life, as its end, is often missing in new ones.
    """
    counted = ", ".join(f"count({_quoted(name)}) as {_quoted(name)}" for name in columns)
    names = ", ".join(_quoted(name) for name in columns)
    return f"""
        insert into {PROFILES}
        with landings as (
            select source as "@source", landed_date as "@date", count(*) as "@rows", {counted}
            from newest_landings
            group by source, landed_date
            having count(*) >= {LEAST_ROWS}
        ),
        rates as (
            select
                "@source" as source, "@date" as landed_date, column_name,
                1 - value_count / "@rows" as null_rate,
                max("@date") over (partition by "@source") as newest_date
            from (unpivot landings on {names} into name column_name value value_count)
        ),
        usual as (
            select source, column_name, median(null_rate) as null_rate, 5 * 1.4826 * mad(null_rate) as spread
            from rates
            where landed_date < newest_date
            group by source, column_name
            having count(*) >= {LEAST_LANDINGS}
        )
        select
            '{contract.staging}',
            concat(
                source, ' ', column_name, ': ', round(100 * newest.null_rate)::integer,
                ' % missing, usually ', round(100 * usual.null_rate)::integer, ' %'
            ),
            null,
            if(
                newest.null_rate >= 0.95,
                greatest(newest.null_rate - usual.null_rate, 0) / greatest(usual.spread, 0.5), 0
            ),
            null
        from rates as newest
        inner join usual using (source, column_name)
        where newest.landed_date = newest.newest_date
    """


def _doubled_keys(contract: StreamContract) -> str:
    """Count keys that stand twice in the newest landing: in one set of it, where sets replace each other."""
    keys = [part.staged for part in contract.key if part.staged]
    parts = ["source", *(["landed_window"] if contract.mode == "replace_set" else []), *keys]
    listed = ", ".join(_quoted(name) for name in dict.fromkeys(parts))
    present = " and ".join(f"{_quoted(name)} is not null" for name in keys) or "true"
    return f"""
        insert into {PROFILES}
        select '{contract.staging}', concat(source, ': ', count(*), ' keys'), null, null,
            count(*) filter (where row_count > 1)
        from (
            select {listed}, count(*) as row_count
            from newest_landings
            where {present} and (source, landed_date) in (
                select (source, max(landed_date)) from newest_landings group by source
            )
            group by {listed}
        )
        group by source
    """


def _staged_columns(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """The columns of every staging model, without what staging itself adds."""
    rows = con.execute("""
        select concat(table_schema, '.', table_name), list(column_name order by ordinal_position)
        from information_schema.columns
        where table_schema = 'staging' and column_name not in ('source', 'cast_loss_count')
        group by all
    """).fetchall()
    return dict(rows)


def _quoted(name: str) -> str:
    return f'"{name}"'
