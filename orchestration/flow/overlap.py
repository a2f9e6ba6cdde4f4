"""Telling an overlap from news: pages that were fetched again for safety and bring nothing new.

A source that cannot say "not modified" for a moving window is asked for a little more than is new. Where
every record of such pages equals, to the letter, the one that staging holds, nothing needs to be built; the
pages stay unread until there is real news, so that many small builds and one large one still end alike.
"""

from collections.abc import Iterable

import duckdb

from quality_checks.streams import STREAMS, StreamContract

MOST_PAGES = 500
_BY_TABLE = {f"raw.{contract.kind}__{contract.stream}__new": contract for contract in STREAMS}
_JSON_SHAPES = ("array", "array_or_object", "wrapped")


def is_only_overlap(con: duckdb.DuckDBPyConnection, news: Iterable[str]) -> bool:
    """Whether all the news are pages whose records staging knows already.

    Args:
        con: The warehouse with the raw schema of the coming build.
        news: Source tables with news, such as `raw.github__issues__new`.
    """
    tables = sorted(news)
    contracts = [_BY_TABLE.get(table) for table in tables]
    return bool(tables) and all(
        contract is not None and _brings_nothing(con, contract) for contract in contracts
    )


def _brings_nothing(con: duckdb.DuckDBPyConnection, contract: StreamContract) -> bool:
    if contract.mode == "replace_set" or contract.shape not in _JSON_SHAPES or contract.key is None:
        return False
    try:
        row = con.execute(f"select count(*), sum(record_count) from {contract.raw}__new").fetchone()
        if row is None or int(row[0]) > MOST_PAGES:
            return False
        return not row[1] or _count_unknown(con, contract) == 0
    except duckdb.Error:
        return False  # what cannot be compared is news


def _count_unknown(con: duckdb.DuckDBPyConnection, contract: StreamContract) -> int:
    """Count the new records that differ from the staged one of the same key, or have none."""
    same_scope = " and known.scope = fresh.scope" if contract.is_scoped else ""
    row = con.execute(f"""
        with fresh as (
            select scope, unnest({_records(contract)}) as record
            from {contract.raw}__new
        ),
        keyed as (
            select *, record ->> '$.{contract.key}' as record_key from fresh
        ),
        staged as (
            select {contract.staged_key}::varchar as record_key, record_id from {contract.staging}
            where {contract.staged_key}::varchar in (select record_key from keyed)
        ),
        held as (
            select scope, log_index, {_records(contract)} as records
            from {contract.raw} where log_index in (select record_id >> 23 from staged)
        ),
        listed as (
            select scope, unnest(records)::varchar as record,
                (log_index << 23) + generate_subscripts(records, 1) - 1 as record_id
            from held
        ),
        known as (
            select scope, record_key, record from listed inner join staged using (record_id)
        )
        select count(*) from keyed as fresh
        where not exists (
            from known
            where known.record_key = fresh.record_key and known.record = fresh.record::varchar{same_scope}
        )
    """).fetchone()
    return int(row[0]) if row else 0


def _records(contract: StreamContract) -> str:
    """The records of a page as a list of JSON values."""
    document = "decode(body)::json"
    if contract.shape == "wrapped":
        return f"json_extract({document}, '$.{contract.wrapper}[*]')"
    whole = f"json_extract({document}, '$[*]')"
    if contract.shape == "array":
        return whole
    return f"case when json_type({document}) = 'ARRAY' then {whole} else [{document}] end"
