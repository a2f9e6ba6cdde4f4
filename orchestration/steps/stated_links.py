"""Accounts that one record names as one person's: a directory that states the number in the roster."""

from collections.abc import Iterable, Mapping
from typing import Final

import duckdb
import pyarrow as pa

from connectors.streams import Account
from orchestration.staging_models.paths import Path, joined, parse_path
from orchestration.staging_models.record_shape import RecordShape, record_shape
from orchestration.staging_models.staged_stream_plan import envelope_keys
from orchestration.steps.declared_accounts import account_key, records_of_new_pages
from orchestration.steps.staged_streams import StagedStream

SAME_PERSON: Final[Mapping[str, tuple[str, str]]] = {"scim__users": ("user", "employee")}
"""By stream: two roles of its records that are the same person."""
_SCHEMA = pa.schema(
    [("account_key", pa.string()), ("stated_key", pa.string()), ("first_seen_log_index", pa.int64())]
)


def collect_links(con: duckdb.DuckDBPyConnection, streams: Iterable[StagedStream]) -> pa.Table:
    """Return each pair of accounts that new records name as one person's, and where it was first seen."""
    found = [
        con.sql(_links_query(stream)).to_arrow_table().cast(_SCHEMA)
        for stream in streams
        if stream.table in SAME_PERSON
    ]
    return pa.concat_tables([_SCHEMA.empty_table(), *found])


def _links_query(stream: StagedStream) -> str:
    if stream.declared is None:
        raise ValueError(f"{stream.table} declares nobody, so its records cannot name one person twice.")
    declared = {each.role: each for each in stream.declared.accounts}
    account, stated = (declared[role] for role in SAME_PERSON[stream.table])
    shape = record_shape([_path(account), _path(stated)])
    records = records_of_new_pages(stream.table, shape.structure, envelope_keys(stream.declared))
    pairs = f"select log_index, {_key(account, shape)} as account_key, {_key(stated, shape)} as stated_key"
    return (
        f"select account_key, stated_key, min(log_index) as first_seen_log_index from ({pairs} "
        f"from ({records})) where account_key is not null and stated_key is not null group by all"
    )


def _path(declared: Account) -> Path:
    return parse_path(joined(declared.path, declared.id))


def _key(declared: Account, shape: RecordShape) -> str:
    return account_key(declared.namespace, shape.text(_path(declared)))
