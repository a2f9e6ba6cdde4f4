"""Telling an overlap from news: pages that were fetched again for safety and bring nothing new.

A source that cannot say "not modified" for a moving window is asked for a little more than is new. Where
every record of such pages equals, to the letter, the one that staging holds, nothing needs to be built; the
pages stay unread until there is real news, so that many small builds and one large one still end alike.
"""

from collections.abc import Iterable

import duckdb

from orchestration.staging_models.record_shape import json_path
from orchestration.stream_contracts import STREAM_CONTRACTS
from quality_checks.streams import SCOPE, KeyPart, StreamContract

MOST_PAGES = 500
_BY_TABLE = {f"{contract.raw}__new": contract for contract in STREAM_CONTRACTS}


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
    if contract.mode == "replace_set" or contract.shape == "separated":
        return False
    try:
        row = con.execute(f"select count(*), sum(record_count) from {contract.raw}__new").fetchone()
        if row is None or not row[1]:
            return row is not None
        is_comparable = int(row[0]) <= MOST_PAGES and _is_comparable(contract)
        return is_comparable and _count_unknown(con, contract) == 0
    except duckdb.Error:
        return False  # what cannot be compared is news


def _is_comparable(contract: StreamContract) -> bool:
    """Whether the records of a stream can be found in staging by their keys."""
    return contract.is_row_per_record and not contract.is_about_people and not contract.is_key_optional


def _count_unknown(con: duckdb.DuckDBPyConnection, contract: StreamContract) -> int:
    """Count the new records that differ from the staged one of the same key, or have none."""
    parts = (*contract.page_parts, *contract.record_parts)
    landed_key = ", ".join(_landed_text(part) for part in parts)
    staged_key = ", ".join(part.staged_text for part in parts)
    row = con.execute(f"""
        with fresh as (
            select source, scope, parent_key, unnest({_records(contract)}) as record
            from {contract.raw}__new
        ),
        keyed as (
            select concat_ws(chr(31), source, {landed_key}) as record_key, record::varchar as record
            from fresh
        ),
        staged as (
            select concat_ws(chr(31), source, {staged_key}) as record_key, record_id from {contract.staging}
        ),
        wanted as (
            select * from staged where record_key in (select record_key from keyed)
        ),
        held as (
            select log_index, {_records(contract)} as records
            from {contract.raw} where log_index in (select record_id >> 23 from wanted)
        ),
        listed as (
            select unnest(records)::varchar as record,
                (log_index << 23) + generate_subscripts(records, 1) - 1 as record_id
            from held
        ),
        known as (
            select record_key, record from listed inner join wanted using (record_id)
        )
        select count(*) from keyed anti join known using (record_key, record)
    """).fetchone()
    return int(row[0]) if row else 0


def _landed_text(part: KeyPart) -> str:
    """A part of the key of a new record as the text that staging's column has."""
    text = f"(record ->> '{json_path(part.path)}')"
    if part.is_of_page:
        text = "scope" if part.path == SCOPE else "parent_key"
    if part.reading == "instant":
        return f"epoch_us(try_cast({text} as timestamptz))"
    if part.reading == "epoch_seconds":
        return f"(try_cast({text} as decimal(24, 6)) * 1000000)::bigint"
    if part.reading == "epoch_milliseconds":
        return f"(try_cast({text} as decimal(24, 3)) * 1000)::bigint"
    return text


def _records(contract: StreamContract) -> str:
    """The records of a page as a list of JSON values."""
    document, place = "decode(body)::json", json_path(contract.envelope)
    whole = f"json_extract({document}, '{place}[*]')"
    one = f"[json_extract({document}, '{place}')]"
    return f"case when json_type({document}, '{place}') = 'ARRAY' then {whole} else {one} end"
